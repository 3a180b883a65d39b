"""Small tools that every room uses: names, text, tables, figures, worker processes and users' files.

Nothing here imports another room of momoracle. A tool moves here when two rooms need it.
"""
