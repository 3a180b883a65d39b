"""Draw the README's two pictures: `python docs/pictures.py` writes them beside this file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from momoracle import MoMo
from momoracle.common.figure import Figure, write
from momoracle.convergence import NO_CAP, Ensemble, rates
from momoracle.convergence.zoo import problem
from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import departure
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import Method
from momoracle.reference.golden import files

FOLDER = Path(__file__).parent / "pictures"
WRONG = variant("momo", departure("momo", "decay-params-only"))  # as one published port has it


def wrong_copy(canvas: Canvas) -> None:
    """Draw the training with a misplaced factor, and its errors on the golden vectors."""
    axes: Any
    axes, errors = canvas.subplots(1, 2)
    separable = problem("logistic")
    for method, line, label in ((MoMo, "-", "the paper's MoMo"), (WRONG, "--", "a factor in another place")):
        optimizer = method(lr=1.0, beta=0.9, weight_decay=1e-3)
        (rate,) = rates(Ensemble(separable, optimizer, steps=1000, seeds=64))
        axes.loglog(rate.steps, rate.last, line, label=label)
    axes.set(xlabel="step k", ylabel="mean loss − f*", title="Both train", ylim=(0.03, 1.0))
    axes.set_yticks([], [], minor=True)
    axes.legend(loc="lower left")
    for column, (method, mark) in enumerate(((MoMo, "o"), (WRONG, "x"))):
        points = np.array(list(measure_errors(method)))
        errors.semilogy(*points.T, mark, color=f"C{column}", markersize=4, alpha=0.6)
    errors.axhline(1.0, color="black", linewidth=0.9)
    errors.annotate("tolerance", (0.99, 1.0), (0, 3), ("axes fraction", "data"), "offset points", ha="right")
    errors.set(xlabel="golden vector", ylabel="largest error / its tolerance", title="One is another method")


def rate_and_bound(canvas: Canvas) -> None:
    """Draw an ensemble's averaged gap with its confidence bound and the theorem's bound."""
    axes: Any = canvas.add_subplot()
    for column, beta in enumerate((0.5, 0.9)):
        (rate,) = rates(Ensemble(problem("absolute-loss"), MoMo(lr=NO_CAP, beta=beta), steps=1000, seeds=256))
        axes.loglog(rate.steps, rate.bound, ":", color=f"C{column}")
        axes.loglog(rate.steps, rate.average, color=f"C{column}", label=f"β = {beta:g}")
        axes.fill_between(rate.steps, rate.average, rate.upper, color=f"C{column}", alpha=0.2, linewidth=0)
    axes.plot([], [], ":", color="black", label="the theorem's bound")
    axes.fill_between([], [], [], color="black", alpha=0.2, label="up to the 99 % confidence bound")
    axes.set(xlabel="step k", ylabel="mean of (1/k) Σ f(xʲ, sʲ) − f*", title="256 runs of MoMo against O(1/√K)")
    axes.set_ylim(1e-3, 2e2)
    axes.legend(loc="lower left", fontsize=8)


def measure_errors(method: type[Method]) -> Iterator[tuple[int, float]]:
    """Yield the number of each core vector and the largest error on it, in units of its tolerance."""
    content = files.load("momo")
    core = [v for v in content.vectors if all(content.flags[flag].kind == "core" for flag in v.flags)]
    for number, vector in enumerate(core, start=1):
        worst = 1e-3  # what is exact has a place too
        for result in observe(MethodPort(method), vector, buffers=False):
            expected = vector.steps[result.step - 1].expected["params"]
            for got, want, allowed in zip(result.params, expected.values, expected.tolerances, strict=True):
                error = np.abs(np.asarray(got, np.float64) - want)
                share = np.divide(error, allowed, out=np.zeros_like(error), where=error > 0)
                worst = max(worst, float(np.max(share, initial=0.0)))
        yield number, worst


FIGURES = (
    Figure("wrong-copy", "A wrong copy trains; the vectors tell", "D3.1", wrong_copy, (7.0, 2.8)),
    Figure("rate", "An ensemble beside the theorem", "M6", rate_and_bound, (4.6, 2.8)),
)

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for figure in FIGURES:
        write(figure, FOLDER)
