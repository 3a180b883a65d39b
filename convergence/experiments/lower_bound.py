"""MoMo with an unknown lower bound: what the estimate is worth where f_* > 0."""

import numpy as np
from scipy.optimize import minimize

from momoracle.convergence.experiments.digits import Digits
from momoracle.convergence.experiments.result import Curve, Panel, Result, Scale, Table, format_interval, network
from momoracle.convergence.experiments.training import Training
from momoracle.convergence.problems.problem import Array
from momoracle.convergence.statistics.interval import Interval, interval
from momoracle.reference import SGDM, MoMo

MISLABELLED = 0.2
NETWORK = network(0)
RATES = tuple(10.0 ** (e / 2) for e in range(-4, 5))
GIVEN, KNOWN = "MoMo, f_* = 0", "MoMo, f_* known"
ESTIMATE = "MoMo*, f_* estimated"
BLOCK = 20  # steps that a point of a curve averages
FLAT = 1e-5  # ‖∇f‖ at the minimum that is found
FLAT_QUICK = 1e-2


def run_experiment(scale: Scale) -> Result:
    """Fit a linear softmax classifier to labels some of which are wrong, with and without the estimate."""
    data = scale.digits().mislabel(MISLABELLED)
    flat = FLAT_QUICK if scale.quick else FLAT
    minimum = find_least_loss(data, flat)
    methods = {
        "SGDM": SGDM(),
        GIVEN: MoMo(),
        ESTIMATE: MoMo(estimate_lower_bound=True),
        KNOWN: MoMo(lower_bound=minimum),
    }
    steps = scale.steps(2000)
    training = Training(NETWORK, data, steps)
    watched = Training(NETWORK, data, steps, watch=("lower_bound",))
    trained = {
        name: (watched if name == ESTIMATE else training).rates(method, RATES, range(scale.seeds))
        for name, method in methods.items()
    }
    gaps = {name: np.stack([run.train_loss for run in runs], axis=1) - minimum for name, runs in trained.items()}
    largest = {name: values[:, -1] for name, values in gaps.items()}
    rows = []
    best = {name: best_rate(values) for name, values in gaps.items()}
    usual = best[GIVEN]
    there = interval(gaps[GIVEN][:, usual] - gaps[ESTIMATE][:, usual])
    for name, values in gaps.items():
        rows.append(
            (name, f"{RATES[best[name]]:.2g}", interval(values[:, best[name]]), _interval_or_diverged(largest[name]))
        )
    estimates = np.stack(
        [run.watched["lower_bound"][:, -steps // 4 :].mean(axis=1) for run in trained[ESTIMATE]], axis=1
    )
    help_ = interval(largest[GIVEN] - largest[ESTIMATE])
    left = interval(largest[ESTIMATE] - largest[KNOWN])
    drawn_rates = (RATES.index(0.1), RATES.index(1.0), len(RATES) - 1)
    return Result(
        name="lower-bound",
        question="What is MoMo's online estimate of the lower bound worth where f_* > 0 (MoMo, section 4)?",
        setting=f"Digits, {100 * MISLABELLED:.0f} % of the training labels drawn anew once and for all, a "
        f"linear softmax classifier: a convex problem whose least mean loss f_* = {minimum:.4f} is "
        f"found by L-BFGS to a gradient below {flat:g}. {steps} steps of 32 digits, constant α. SGDM "
        "adds up what MoMo averages: its α moves 1/(1−β) = 10 times as far.",
        answer=f"At α = {RATES[usual]:.2g}, the best of MoMo with f_* = 0, the training loss with f_* = 0 minus "
        f"that with the estimate is {format_interval(there, 4)}, {_sign_text(there.sign)}. At the largest α = "
        f"{RATES[-1]:g}, the training loss with f_* = 0 minus that with the estimate is {format_interval(help_)}, "
        f"{_sign_text(help_.sign)}; that with the estimate minus that with the true f_* is {format_interval(left)}, "
        f"{_sign_text(left.sign)}. There the estimate is "
        f"{format_interval(interval(estimates[:, -1]))} on average in the last quarter of the steps; "
        f"the truth is {minimum:.2f}, and a batch of 32 digits has another least loss than all of them.",
        table=Table(("method", "best α", "f(x) − f_* there", f"f(x) − f_* at α = {RATES[-1]:g}"), rows),
        panels=[
            Panel(
                "Training loss above its minimum",
                ("learning rate α", "f(x) − f_* at the end"),
                ("log", "log"),
                [Curve.over(name, RATES, values) for name, values in gaps.items()],
            ),
            Panel(
                "The estimate over time",
                ("step", "mean estimate of 20 steps"),
                ("linear", "linear"),
                [
                    Curve.of_blocks(f"α = {RATES[i]:g}", trained[ESTIMATE][i].watched["lower_bound"], BLOCK)
                    for i in drawn_rates
                ],
                [("f_*", minimum)],
            ),
        ],
    )


def find_least_loss(data: Digits, flat: float) -> float:
    """Return the least mean loss of the linear classifier over the training digits, to a gradient below ``flat``.

    Raises:
        ArithmeticError: the search ended at a point that is not flat.
    """
    start = NETWORK.start([0])

    def value(point: Array) -> tuple[float, Array]:
        cuts = np.cumsum([array.size for array in start])[:-1]
        params = [part.reshape(array.shape) for part, array in zip(np.split(point, cuts), start, strict=True)]
        answer = NETWORK.loss_and_grads(params, data.train_inputs[None], data.train_labels[None])
        return float(answer.loss[0]), np.concatenate([grad.ravel() for grad in answer.grads])

    start_point = np.zeros(NETWORK.size)
    options = {"maxiter": 20000, "maxfun": 40000, "ftol": 0.0, "gtol": flat / NETWORK.size**0.5, "maxcor": 50}
    least = minimize(value, start_point, jac=True, method="L-BFGS-B", options=options)
    slope = float(np.linalg.norm(value(least.x)[1]))
    if not slope <= flat:
        raise ArithmeticError(f"the least loss was not found: ‖∇f‖ is {slope:.1e} where {flat:g} was wanted")
    return float(least.fun)


def best_rate(gaps: Array) -> int:
    """Return the rate with the least mean, of gaps of shape (seeds, rates), among those at which no run diverged.

    >>> best_rate(np.array([[2.0, 1.0, np.nan], [2.0, 2.0, 0.0]]))
    1
    """
    return int(np.where(np.isnan(gaps).any(axis=0), np.inf, gaps.mean(axis=0)).argmin())


def _interval_or_diverged(values: Array) -> Interval | str:
    return interval(values) if np.isfinite(values).all() else "diverged"


def _sign_text(sign: int) -> str:
    return ("below zero", "undecided", "above zero")[sign + 1]
