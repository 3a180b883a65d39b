"""Random data on a grid of powers of two, so that a common minimiser is exact in floating point and not just nearly."""

import numpy as np

from momoracle.convergence.problems.problem import Array
from momoracle.reference.numbers import fixed_order


def on_grid(x: Array, spacing: float) -> Array:
    """Return the entries of x rounded to multiples of ``spacing``, a power of two.

    >>> on_grid(np.array([0.3, -1.0]), 0.25)
    array([ 0.25, -1.  ])
    """
    # Adding 0 turns −0 into 0: the sign of what rounds to nothing depends on the processor.
    return np.round(np.asarray(x, dtype=np.float64) / spacing) * spacing + 0.0


def exact_products(rows: Array, x: Array) -> Array:
    """Return <a_s, x> for each row, refusing data for which float64 does not hold it exactly.

    Raises:
        ValueError: the grids of rows and x are too fine, or their entries too large.
    """
    grids = [max(-float(np.log2(_spacing(z))), 0) for z in (rows, x)]
    largest = float(np.abs(rows).max() * np.abs(x).max() * rows.shape[1]) or 1.0
    bits = sum(grids) + np.log2(largest)
    if bits >= 53:
        raise ValueError(f"<a, x> may need {bits:.0f} bits, float64 has 53; round rows or x to a coarser grid")
    return fixed_order.sum_products(rows, x)


def _spacing(x: Array) -> float:
    """Return the largest power of two of which every entry is a multiple."""
    spacing = 1.0
    while not np.all(x / spacing == np.round(x / spacing)):
        spacing /= 2
    return spacing
