"""Known departures from a method: what published ports compute instead of the paper's formula.

A departure is an edit of the method's own text, or a class around the method.
``registry.py`` lists them by algorithm. A departure enters if it was seen in a port, or is easily made. A method of
one's own has none, so ``generic.py`` makes them from its text.
"""
