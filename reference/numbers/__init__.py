"""The number systems over which a method's text runs: floats, exact fractions, balls, symbols, recorded numbers.

Each file is one number system; ``base.py`` says what every one of them offers, ``expressions.py`` holds the formulas,
and ``fixed_order.py`` the sums of products that do not depend on BLAS.
A new file enters only if some method can be stepped over its numbers. Nothing here knows a method.
"""
