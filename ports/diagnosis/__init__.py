"""From a deviating port to the reason: observe, locate, propose, confirm, tell.

``diagnose.py`` is that line from top to bottom, and each other file is one step of it.
Nothing here prints or draws.
"""
