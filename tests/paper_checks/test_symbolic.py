"""Branches are settled by signs, and only by signs."""

import pytest
import sympy as sp

from momoracle.paper_checks.claim import Falsified
from momoracle.paper_checks.symbolic import settle, vanishes


def test_branches_are_settled_by_signs_only() -> None:
    p, q = sp.symbols("p q", positive=True)
    assert settle(sp.Min(q, p + q)) == q
    assert settle(sp.Max(-p, q) + sp.Piecewise((1, p + q < q), (2, True))) == q + 2
    with pytest.raises(Falsified, match="sign"):
        settle(sp.Min(p, q))
    with pytest.raises(Falsified, match="difference"):
        vanishes(p - q, "p less q")
