"""Inequalities of the theory that are checked on every step of every run.

``inequalities.py`` states MoMo's theory over any numbers, ``momo.py`` adds what rounding may contribute, and
``stated.py`` holds the certificates of a problem's constants; the other files compute the sides.
A certificate enters with its source and a wrong optimizer that breaks it.
"""
