"""What the checker knows of each method beside its text: words, names of arguments and buffers, published equations.

One file holds one family of methods. A fact enters only if the method's own text cannot tell it.
Every fact may be missing: a method without facts is checked all the same.
"""
