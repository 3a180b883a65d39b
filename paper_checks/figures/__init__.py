"""The figures of the claims, and the sliders of the notebooks.

One file holds one paper's figures; ``registry.py`` lists them.
A figure enters if it is drawn from the reference as it runs.
"""
