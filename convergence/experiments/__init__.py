"""The papers' experiments on handwritten digits, one a file.

``result.py`` says what an experiment returns, ``registry.py`` lists them; the network, its training and the data
have a file each.
An experiment enters with the claim of the paper that it repeats.
"""
