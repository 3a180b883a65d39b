"""The claims of both papers, checked on the running code: one claim a file, each with what it must refute."""
