"""The step sizes that MoMo's methods take, and how often the cap binds."""

from collections.abc import Iterable

import numpy as np

from momoracle.convergence.engine.replicas import is_at_cap
from momoracle.convergence.experiments.result import Curve, Panel, Result, Scale, Table, network
from momoracle.convergence.experiments.training import Training
from momoracle.convergence.statistics.interval import Interval, interval
from momoracle.reference import MoMo, MoMoAdam

CAPS = {"MoMo": (MoMo(), (0.1, 0.3, 1.0)), "MoMo-Adam": (MoMoAdam(), (0.003, 0.01, 0.03))}
BLOCK = 20  # steps that a point of a curve averages


def run_experiment(scale: Scale) -> Result:
    """Train a network below three caps of each method, and keep τ of every step."""
    steps = scale.steps(1000)
    training = Training(network(2), scale.digits(), steps, watch=("step_size", "weight_sum"))
    rows: list[list[str | Interval]] = []
    panels: list[Panel] = []
    often: dict[tuple[str, float], tuple[float, float]] = {}
    for name, (method, caps) in CAPS.items():
        curves = []
        for cap, trained in zip(caps, training.rates(method, caps, range(scale.seeds)), strict=True):
            tau, rho = trained.watched["step_size"], trained.watched["weight_sum"]
            bound, moved = is_at_cap(tau, rho, cap), tau * rho
            quarter = steps // 4
            early, late = (interval(100 * part.mean(axis=1)) for part in (bound[:, :quarter], bound[:, -quarter:]))
            often[name, cap] = early.mean, late.mean
            last = np.median(moved[:, -quarter:], axis=1)
            middle_tau = Interval(*(10**end for end in interval(np.log10(last))))
            rows.append([name, f"{cap:g}", early, late, middle_tau])
            curves.append(Curve.of_blocks(f"α = {cap:g}", moved, BLOCK))
        levels = [("caps" if i == 0 else "", cap) for i, cap in enumerate(caps)]
        panels.append(Panel(name, ("step", "mean τρ of 20 steps"), ("linear", "log"), curves, levels))
    answers = []
    for name, (_, caps) in CAPS.items():
        shares = [often[name, cap] for cap in caps]
        answers.append(
            f"{name} takes its cap in {_list(share[0] for share in shares)} % of the first quarter's steps and in "
            f"{_list(share[1] for share in shares)} % of the last quarter's, for α = {_list(caps, 'g')}."
        )
    return Result(
        name="step-sizes",
        question="Which step sizes do MoMo and MoMo-Adam take, and how often does the cap bind?",
        setting=f"Digits, two hidden layers of 64 units, {steps} steps of 32 digits, f_* = 0. Shown is τρ, whose cap "
        "is α. The median is that of the last quarter's steps, its interval taken over logarithms.",
        answer=" ".join(answers),
        table=Table(("method", "α", "first quarter at the cap, %", "last quarter at the cap, %", "median τρ"), rows),
        panels=panels,
    )


def _list(values: Iterable[float], form: str = ".0f") -> str:
    """Return numbers as ``a, b and c``."""
    *most, last = (format(value, form) for value in values)
    return f"{', '.join(most)} and {last}"
