"""The page of published ports: which optimizers of public packages conform, and what the others compute.

``catalogue.py`` lists them and ``page.py`` writes ``published.md``.
A port enters if its package installs from a public registry.
"""
