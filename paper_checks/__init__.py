"""Check the claims of both papers on the running code, and show that every check can fail.

A room holds claims, one a file: ``momo`` about one step of MoMo, ``momo_rates`` about many, ``tam`` about TAM, and
``steps`` about the step as it runs in floating point. ``figures`` draws the papers' figures. The files here are the
frame: what a claim is, how it is evaluated, and helpers.
A claim enters with its statement, its status, its proof, and a wrong variant for each check that the check refutes.
"""
