"""Small tools that every room may use: names, text, figures, worker processes, users' files.

Nothing here imports another room of momoracle. A tool enters when two rooms need it.
"""
