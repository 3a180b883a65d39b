"""All figures of the claims."""

from momoracle.common.figure import Figure
from momoracle.paper_checks.figures import momo, tam


def figures() -> tuple[Figure, ...]:
    """Return every figure: MoMo's, then TAM's."""
    return (*momo.FIGURES, *tam.FIGURES)
