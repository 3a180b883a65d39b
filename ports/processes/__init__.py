"""Ports in child processes: starting them, timing them out, and asking them one thing at a time.

``child.py`` is what runs in the child; ``process.py`` is the parent's handle on it.
Whatever must survive a port that hangs or crashes belongs here.
"""
