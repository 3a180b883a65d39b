"""MoMo's Figure 1: the model and its step for two losses; and the cancellation of M11."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from momoracle.common.figure import Figure
from momoracle.paper_checks.claim import Optimizers
from momoracle.paper_checks.momo.m11_recursion import DISTANCES, measure_errors
from momoracle.reference import MoMo


def _losses() -> list[tuple[str, object, object, tuple[float, float], list[float], tuple[float, float]]]:
    """Return name, f, f', window, the two points at which f is sampled, and the height of the plot."""
    return [
        ("f(x) = x²/2", lambda x: x * x / 2, lambda x: x, (-5.0, 5.0), [4.5, 3.5], (-1.5, 13.0)),
        (
            "f(x) = log(1 + exp(−x))",
            lambda x: np.logaddexp(0.0, -x),
            lambda x: -1 / (1 + np.exp(x)),
            (-4.5, 7.0),
            [-4.0, -2.5],
            (-0.6, 5.0),
        ),
    ]


def draw_model(canvas: Canvas, alpha: float = 5.0, beta: float = 0.5, lower_bound: float = 0.0) -> None:
    """Draw each loss, MoMo's model after two samples, SGD-M's untruncated one, and the steps on both."""
    for column, (name, f, slope, window, points, height) in enumerate(_losses(), start=1):
        axes = canvas.add_subplot(1, 2, column)
        method = MoMo(lr=alpha, beta=beta, lower_bound=lower_bound)
        x = np.array([points[0]])
        state = method.init(x)
        for point in points:  # the second sample is taken at a point of its own: the model remembers both
            x = np.array([point])
            after, state, trace = method.step(x, np.array([slope(point)]), state, loss=float(f(point)))  # type: ignore[operator]
        grid = np.linspace(*window, 400)
        line = trace.loss_average + trace.gradient_average[0] * grid - trace.offset
        axes.plot(grid, f(grid), color="black", label="loss f")  # type: ignore[operator]
        axes.plot(grid, np.maximum(line, lower_bound), label=f"MoMo's model, truncated at f* = {lower_bound:g}")
        axes.plot(grid, line, ":", color="#d55e00", label="the line of SGD with momentum")
        moved = after[0]
        linear = x[0] - alpha * trace.gradient_average[0]
        value = np.interp(x[0], grid, line)
        axes.plot([x[0]], [value], "o", color="black", markersize=5)
        axes.annotate("xᵏ", (x[0], value), textcoords="offset points", xytext=(4, 6))
        axes.plot(
            [moved],
            [max(float(np.interp(moved, grid, line)), lower_bound)],
            "s",
            color="#0072b2",
            markersize=6,
            label=f"MoMo's step, τ = {trace.step_size:.2f}",
        )
        end = min(max(linear, window[0]), window[1])  # at the edge where it leaves the window
        bottom = min(height[0], lower_bound - 0.5)
        label = f"SGD with momentum: to x = {linear:.1f}"
        axes.plot([end], [bottom], "^", color="#d55e00", markersize=8, clip_on=False, zorder=5, label=label)
        axes.set(xlim=window, ylim=(bottom, height[1]), xlabel="x", title=f"{name}, α = {alpha:g}")
        axes.legend(fontsize=7, loc="upper center")


def draw_cancellation(canvas: Canvas) -> None:
    """Draw the relative error of τ in float32 against the distance of the optimum."""
    axes = canvas.add_subplot()
    all_errors = [measure_errors(Optimizers(), distance) for distance in DISTANCES]
    where = [max(distance, 0.1) for distance in DISTANCES]  # the origin, on a logarithmic axis
    axes.loglog(where, [error.direct for error in all_errors], "o-", label="h = f̄ + ⟨d, x⟩ − γ")
    axes.loglog(where, [error.recursive for error in all_errors], "s--", label="h by the recursion (M11)")
    axes.axhline(float(np.finfo(np.float32).eps), color="black", linewidth=0.8, label="ε of float32")
    axes.set_xticks(where, ["0", *(f"{distance:g}" for distance in DISTANCES[1:])])
    axes.set(xlabel="distance of the optimum from the origin, in each coordinate", ylabel="relative error of τ")
    axes.set_title("MoMo in float32: the model's value cancels far from the origin")
    axes.legend(fontsize=8)


FIGURES = (
    Figure(
        "momo-model",
        "MoMo's model of two losses after two samples, α = 5: the step ends where the model meets the lower bound, or "
        "at the cap (MoMo, Figure 1).",
        "L2.1",
        draw_model,
    ),
    Figure(
        "momo-cancellation",
        "Largest relative error of τ in float32 along 40 steps, against 300-bit balls: the direct formula and the "
        "recursion of M11.",
        "M11",
        draw_cancellation,
        (6.0, 3.6),
    ),
)
