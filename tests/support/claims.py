"""Evaluate claims once a session: several tests look at the same results."""

from functools import cache

from momoracle.paper_checks.evaluate import Result
from momoracle.paper_checks.verify import check_claim


@cache
def quick_result(name: str) -> Result:
    """Return the result of a claim under ``verify --quick``."""
    return check_claim(name, "quick")
