"""How tight M6 is: the largest ratio to its bound that was found, with the instances as vectors that replay.

``python -m momoracle.convergence.tightness`` writes ``tightness.md`` and ``tightness.json`` into the current folder.
All instances are scaled to ‖x^1 − x*‖ = 1, G = 1, x* = 0, f_* = 0, and start at e_1; MoMo has no cap and the plain
initialisation. Ratios are of the average gap (1/K) Σ_k E[f(x^k) − f_*] to 1/((1−β) √K).
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import differential_evolution

from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.problems.adversary import OneEachStep, OneFunction, largest_gap
from momoracle.convergence.problems.gradient_bounds import Constant, longest_row
from momoracle.convergence.problems.limits import NO_CAP
from momoracle.convergence.problems.problem import Array, Constants, Problem
from momoracle.convergence.run import run
from momoracle.reference import MoMo

__all__ = ["Instance", "closed_form", "problem_of", "ratio_of"]

BETAS = (0.0, 0.5, 0.9)
KINDS = {
    "one function": "one deterministic convex function, the adversary in closed form",
    "worst order": "a loss a step in the worst order, the adversary in closed form",
    "drawn": "two or three losses in two dimensions, drawn independently; found by differential evolution",
}
_LENGTHS = {"one function": (4, 16), "worst order": (4, 16, 64, 256), "drawn": (4, 16, 64)}
_SEEDS = 256  # of the search; the ratio that is reported comes from others
_FRESH = 4096


class Instance(NamedTuple):
    """An instance, and how near to M6's bound it comes.

    Attributes:
        kind: one of `KINDS`.
        beta: β.
        steps: K.
        gradients: the g_s of its losses, shape (N, n).
        ratio: of the average gap to the bound; 1 is a bound that is attained.
        error: the ratio's standard error, 0 where nothing is drawn.

    >>> Instance("drawn", 0.5, 4, np.eye(2), 0.25, 0.0).steps
    4
    """

    kind: str
    beta: float
    steps: int
    gradients: Array
    ratio: float
    error: float


def problem_of(kind: str, gradients: Array) -> Problem:
    """Return the problem of an instance: one function, or the losses in order or drawn.

        f(x) = max{ 0, max_s <g_s, x> }   or   f(x, s) = max{ 0, <g_s, x> }

    Args:
        kind: one of `KINDS`.
        gradients: the g_s, shape (N, n).

    Raises:
        ValueError: ``kind`` is none of `KINDS`.

    Source: derived here (M9).

    >>> problem_of("drawn", np.array([[1.0, 0.0], [0.0, 1.0]])).samples
    2
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; allowed: {', '.join(KINDS)}")
    size = gradients.shape[1]
    is_single = kind == "one function"
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        interpolates=True,
        optimum=np.zeros(size),
        lipschitz=Constant(longest_row(gradients)),
    )
    oracle: Any = OneFunction(gradients) if is_single else OneEachStep(gradients)
    samples = 1 if is_single else len(gradients)
    return Problem(kind, np.eye(size)[0], samples, oracle, constants, in_order=kind == "worst order")


def ratio_of(kind: str, beta: float, steps: int, gradients: Array, seeds: int, first_seed: int) -> tuple[float, float]:
    """Return the ratio of the average gap to M6's bound, and its standard error (0 where nothing is drawn).

        ratio = (1−β) √K (1/K) Σ_{k≤K} (f(x^k) − f_*),   G = ‖x^1 − x*‖ = 1

    Args:
        kind: one of `KINDS`.
        beta: β.
        steps: K.
        gradients: the g_s, shape (N, n).
        seeds: runs to average where samples are drawn.
        first_seed: of these runs.

    Raises:
        ValueError: ``kind`` is none of `KINDS`, or a number is out of its range.

    Source: the bound is that of MoMo (arXiv 2305.07583), the O(1/√K) theorem (M6).

    >>> ratio_of("one function", 0.0, 1, np.array([[1.0, 0.0]]), seeds=1, first_seed=0)  # one step attains it
    (1.0, 0.0)
    """
    drawn = kind == "drawn"
    ensemble = Ensemble(
        problem_of(kind, gradients),
        MoMo(lr=NO_CAP, beta=beta),
        steps,
        seeds=seeds if drawn else 1,
        first_seed=first_seed,
        certificates=(),
    )
    gaps = np.concatenate([tile.rows["loss_average"][:, -1] for tile in run(ensemble)])
    scale = (1 - beta) * float(np.sqrt(steps))
    return scale * float(gaps.mean()), scale * float(gaps.std() / np.sqrt(len(gaps))) if drawn else 0.0


def closed_form(kind: str, beta: float, steps: int) -> Instance:
    """Return the adversary's instance, replayed as a problem.

        g_k = (c/r) u + √(1 − c²/r²) e,   u = x_k/r,   r = ‖x_k‖

    with the largest c that it can keep up for K steps, and e a new direction (or d_{k−1}/‖d_{k−1}‖).

    Args:
        kind: "one function" or "worst order".
        beta: β.
        steps: K.

    Source: derived here (M9).

    >>> round(closed_form("one function", 0.0, 4).ratio, 6)  # at β = 0 the bound is attained
    1.0
    """
    gradients = largest_gap(beta, steps, kind == "worst order").gradients
    ratio, error = ratio_of(kind, beta, steps, gradients, 1, 0)
    return Instance(kind, beta, steps, gradients, ratio, error)


def search_instance(beta: float, steps: int, samples: int, generations: int = 15) -> Instance:
    """Return the worst drawn losses: the directions of N unit vectors g_s in the plane are optimised.

    The search compares instances on the same seeds; the ratio that is reported is measured on fresh ones.
    """

    def negative(tangents: Array) -> float:
        return -ratio_of("drawn", beta, steps, unit_vectors(tangents), _SEEDS, 0)[0]

    bounds = [(-1.0, 1.0)] * samples  # angles between −π/2 and π/2: a loss that is 0 at e_1 does not start
    best = differential_evolution(negative, bounds, maxiter=generations, popsize=8, seed=samples, polish=False)
    gradients = unit_vectors(best.x)
    ratio, error = ratio_of("drawn", beta, steps, gradients, _FRESH, 10**6)
    return Instance("drawn", beta, steps, gradients, ratio, error)


def unit_vectors(tangents: Array) -> Array:
    """Return unit vectors of the plane, each by the tangent t of half its angle: (1 − t², 2t)/(1 + t²).

    Sums, products and quotients are the same on every processor; NumPy's sines and cosines are not.

    >>> unit_vectors(np.array([0.0, 1.0])).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    squares = tangents * tangents
    return np.stack([(1 - squares) / (1 + squares), 2 * tangents / (1 + squares)], axis=1)


def table(generations: int = 15, betas: tuple[float, ...] = BETAS) -> list[Instance]:
    """Return the largest ratio found of each kind, β and K."""
    instances = []
    for kind in KINDS:
        for beta in betas:
            for steps in _LENGTHS[kind]:
                if kind != "drawn":
                    instances.append(closed_form(kind, beta, steps))
                else:
                    tried = [search_instance(beta, steps, samples, generations) for samples in (2, 3)]
                    instances.append(max(tried, key=lambda instance: instance.ratio))
    return instances


def to_json(instances: list[Instance]) -> dict[str, Any]:
    """Return instances as JSON values; floats are written so that they are read back exactly."""
    return {"instances": [{**i._asdict(), "gradients": i.gradients.tolist()} for i in instances]}


def from_json(content: dict[str, Any]) -> list[Instance]:
    """Return the instances of `to_json`."""
    return [Instance(**{**entry, "gradients": np.array(entry["gradients"])}) for entry in content["instances"]]


def page(instances: list[Instance]) -> str:
    """Return the table as Markdown."""
    lines = [
        "# How tight is M6?",
        "",
        "Written by `python -m momoracle.convergence.tightness`, with `tightness.json`, whose vectors replay each",
        "number. The largest ratio found of (1/K) Σ E[f(x^k) − f_\\*] to M6's bound G‖x¹−x\\*‖/((1−β)√K), and to the",
        "conjecture's G‖x¹−x\\*‖/√((1−β²)K) for one deterministic function:",
        "",
        *(f"- *{kind}*: {text}." for kind, text in KINDS.items()),
        "",
        "| instance | β | K | ratio to M6 | ratio to the conjecture |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for i in instances:
        error = f" ± {2 * i.error:.4f}" if i.error else ""
        # 1/((1−β)√K) over 1/√((1−β²)K) is √((1+β)/(1−β)).
        conjecture = i.ratio * float(np.sqrt((1 + i.beta) / (1 - i.beta)))
        lines.append(f"| {i.kind} | {i.beta:g} | {i.steps} | {i.ratio:.4f}{error} | {conjecture:.3f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Search, and write the page and the instances."""
    instances = table()
    Path("tightness.md").write_text(page(instances), encoding="utf-8")
    Path("tightness.json").write_text(json.dumps(to_json(instances)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
