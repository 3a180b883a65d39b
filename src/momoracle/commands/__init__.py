"""The commands, one a file: options, progress, and the exit status.

A command calls the room that does the work and shows what it returns.
``command_line.py`` lists them; a file here imports its room only when the command runs.
"""
