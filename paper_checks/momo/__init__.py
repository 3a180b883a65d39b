"""The claims about one step of MoMo: definitions, lemmas, special cases, invariances, the lower bound.

One claim is one file with its checks and what must be refuted. What is said of many steps is in ``momo_rates``.
"""
