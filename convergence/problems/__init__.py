"""What a problem is: its losses, and the constants that are known of them.

``problem.py`` says it, ``gradient_bounds.py`` and ``dyadic.py`` help to state constants that are rigorous; the other
files are problems that are no linear model.
A problem enters with the source of each constant, and is found by its name in ``convergence/zoo.py``.
"""
