"""Inequalities of the theory that are checked on every step of every run.

``certificate.py`` says what a certificate is; ``momo.py`` holds those of MoMo's theory, and ``stated.py`` those of
a problem's constants.
The other files compute the sides. A certificate enters with its source and a wrong optimizer that breaks it.
"""
