"""Ensembles as machine code: one step of a method is recorded, then compiled for all replicas.

The way is ``recording.py`` → ``formulas.py`` → ``lanes.py`` and ``step_code.py`` → ``program.py``, and ``tile.py``
runs it.
Needs the extra ``fast``; nothing outside may need this room.
"""
