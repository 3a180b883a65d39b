"""Golden vectors: inputs of an optimizer's steps, and what must come out, proven in ball arithmetic.

`vectors_of` returns those of an algorithm; ``files`` reads and writes them as JSON, ``build`` proves them from cases.
A file enters here if it makes cases, proves them, or reads and writes them; what ports do with them is in ``ports``.
"""

from momoracle.reference.golden.files import vectors_of

__all__ = ["vectors_of"]
