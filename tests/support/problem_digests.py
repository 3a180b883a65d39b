"""Run every problem of the zoo and print a digest of all bits, as JSON: ``python -m support.problem_digests``."""

import hashlib
import json
from importlib.util import find_spec

import numpy as np

from momoracle import MoMo, MoMoAdam
from momoracle.convergence import Ensemble, run
from momoracle.convergence.tightness import search_instance
from momoracle.convergence.zoo import REAL_DATA
from support.zoo_small import NAMES, small

STEPS, SEEDS = 60, 5


def digest(name: str, dtype: str) -> str:
    """Return a digest of a problem's constants and of everything that its runs keep."""
    problem, total = small(name), hashlib.sha256()
    constants = problem.constants
    total.update(np.array([constants.minimum or 0, constants.smoothness or 0, problem.gradient_bound or 0]).tobytes())
    if constants.optimum is not None:
        total.update(constants.optimum.tobytes())
    lower = constants.lower_bound
    for method in (MoMo(beta=0.5, lower_bound=lower), MoMoAdam(lr=0.01, lower_bound=lower)):
        for tile in run(Ensemble(problem, method, STEPS, seeds=SEEDS, dtype=dtype)):
            for rows in tile.rows.values():
                total.update(rows.tobytes())
            for ledger in tile.ledgers.values():
                total.update(ledger.margin.tobytes() + ledger.ratio.tobytes())
    return total.hexdigest()


def search_digest() -> str:
    """Return a digest of a search for the worst losses, whose runs end on kinks."""
    worst = search_instance(0.5, 4, 2, generations=1)
    return hashlib.sha256(worst.gradients.tobytes() + np.array([worst.ratio, worst.error]).tobytes()).hexdigest()


def main() -> None:
    """Print the digests, one a problem and dtype, and that of a search."""
    with_data = find_spec("sklearn") is not None
    names = [name for name in NAMES if with_data or name not in REAL_DATA]
    digests = {f"{name}, float64": digest(name, "float64") for name in names}
    # Real data are exact in float64 only.
    digests |= {f"{name}, float32": digest(name, "float32") for name in names if name not in REAL_DATA}
    print(json.dumps(digests | {"search": search_digest()}))


if __name__ == "__main__":
    main()
