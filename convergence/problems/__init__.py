"""Problems whose constants are known: minimiser, minimum, gradient bound, smoothness.

``problem.py`` says what a problem is, ``zoo.py`` finds one by its name or in a user's file.
A problem enters with the source of each constant; the losses of linear models have a room of their own.
"""
