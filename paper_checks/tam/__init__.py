"""The claims about TAM: its definition, the damping bounds, and what follows from them.

One claim is one file with its checks and what must be refuted.
"""
