"""Add products in one fixed order, so that a sum does not depend on the kernel that BLAS picks.

BLAS, which is behind `numpy.vecdot` and ``@``, picks a kernel for the processor at hand. Each kernel adds in an order
of its own, and some round a product and a sum at once. A last bit that differs is harmless by itself. But it may decide
on which side of a kink a point lies, and from there on two runs have nothing in common.

Here every product is rounded by itself and stored. NumPy then adds them pairwise, in an order that follows from their
number alone. This reads and writes the products once more: a dot product takes about two to three times as long.
"""

from typing import Any

import numpy as np


def sum_products(a: Any, b: Any) -> Any:
    """Return Σ a_i b_i along the last axis; the other axes are broadcast.

    >>> sum_products(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0]))
    array([-1., -1.])
    """
    # C order, whatever the operands lie in: a sum over columns would be added in another order.
    return np.add.reduce(np.multiply(a, b, order="C"), axis=-1)
