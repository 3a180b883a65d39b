"""The claims about many steps of MoMo: the model along a path, descent, rates and how tight they are.

One claim is one file with its checks and what must be refuted. What is said of one step is in ``momo``.
"""
