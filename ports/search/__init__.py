"""The search for the smallest input on which a port deviates.

``cases.py`` draws inputs, ``search.py`` looks for a deviation, ``reduction.py`` makes it smaller, ``script.py``
writes it down.
Whatever knows Hypothesis belongs here.
"""
