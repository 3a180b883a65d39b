"""The claims about the step as it runs in floating point: every switch, long runs, large tensors, replicas.

``plain.py`` computes each method once more without anything of the reference; ``compare.py`` holds both side by side.
A claim enters where the golden vectors cannot reach: they are few entries, few tensors, few steps.
"""
