"""A package with a port of its own, as its author would have it."""
