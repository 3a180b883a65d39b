"""Runs of one method on one problem, many replicas at once.

``ensemble.py`` divides the replicas into tiles, ``tile.py`` steps one of them, ``samples.py`` draws and
``summary.py`` adds up.
Nothing here knows a theorem.
"""
