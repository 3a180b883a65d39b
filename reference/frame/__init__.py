"""The frame around every method: what it accepts, what it declares, how it is stepped, named and edited.

A method's file holds formulas only; ``method.py`` takes the step around them. ``registry.py`` finds a method by its
name or in a user's file. A file enters here if every method needs it and none computes with it.
"""
