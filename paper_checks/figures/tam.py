"""TAM's Figures 1 and 2: the damping as a function of the angle, and trajectories beside SGD with momentum."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from momoracle.common.figure import Figure
from momoracle.reference import SGDM, TAM


def draw_angle(canvas: Canvas) -> None:
    """Draw momentum, gradient and the new momentum for two angles, and the damping against the angle."""
    panels = canvas.subplots(1, 3, width_ratios=(1, 1, 1.3))
    for axes, degrees in zip(panels[:2], (45, 150), strict=True):
        _arrows(axes, degrees)
    axes, angles = panels[2], np.linspace(0, 180, 181)
    for gamma, style in ((0.0, "-"), (0.5, "--"), (0.9, ":")):
        axes.plot(angles, [_after(angle, gamma)[1] for angle in angles], style, label=f"γ = {gamma:g}")
    axes.set(xlabel="angle between m and g, degrees", ylabel="damping d", xticks=[0, 45, 90, 135, 180], ylim=(0, 1))
    axes.set_title("d from ŝ = 0", fontsize=9)
    axes.legend(fontsize=8)


def _after(degrees: float, gamma: float) -> tuple[Any, float]:
    """Return TAM's next momentum and damping for m = (1, 0) and a unit gradient at an angle to it."""
    method = TAM(lr=1.0, gamma=gamma, eps=0.0)
    x, angle = np.zeros(2), np.deg2rad(degrees)
    state = method.init(x)._replace(step=50, momentum=np.array([1.0, 0.0]))
    _, _, trace = method.step(x, np.array([np.cos(angle), np.sin(angle)]), state)
    return trace.momentum, float(trace.damping)


def _arrows(axes: Any, degrees: float) -> None:
    angle = np.deg2rad(degrees)
    gradient = np.array([np.cos(angle), np.sin(angle)])
    damped, damping = _after(degrees, 0.0)
    vectors = (
        ("m", np.array([1.0, 0.0]), "black"),
        ("g", gradient, "#009e73"),
        ("β m + g (SGDM)", np.array([0.9, 0.0]) + gradient, "#d55e00"),
        ("β m + d g (TAM)", damped, "#0072b2"),
    )
    for name, (a, b), colour in vectors:
        axes.annotate("", (a, b), (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.6})
        axes.plot([], [], color=colour, linewidth=2, label=name)
    axes.legend(fontsize=7, ncols=2, loc="upper center")
    axes.set(xlim=(-1.0, 1.8), ylim=(-0.2, 1.6), aspect="equal")
    axes.set_title(f"angle {degrees}°, γ = 0: d = {damping:.2f}", fontsize=9)


def draw_trajectory(canvas: Canvas, gamma: float = 0.9) -> None:
    """Draw TAM and SGDM with the same η on a narrow valley, and the cosine and damping along TAM's run."""
    left, right = canvas.subplots(1, 2, width_ratios=(1.4, 1))
    curvature, start, steps = np.array([0.02, 0.6]), np.array([-9.0, 2.0]), 120
    across, along = np.meshgrid(np.linspace(-10, 4, 120), np.linspace(-3.2, 3.2, 90))
    heights = (curvature[0] * across**2 + curvature[1] * along**2) / 2
    left.contour(across, along, heights, levels=[0.02, 0.1, 0.3, 0.7, 1.3, 2.2, 3.5], colors="0.8", linewidths=0.8)
    methods: tuple[tuple[str, Any, str], ...] = (
        ("SGDM", SGDM(lr=0.9, beta=0.9), "#d55e00"),
        ("TAM", TAM(lr=0.9, beta=0.9, gamma=gamma), "#0072b2"),
    )
    for name, method, colour in methods:
        x = start
        state, points, traces = method.init(x), [x], []
        for _ in range(steps):
            x, state, trace = method.step(x, curvature * x, state)
            points.append(x)
            traces.append(trace)
        left.plot(*np.array(points).T, ".-", color=colour, linewidth=1, markersize=3, label=name)
        if name == "TAM":
            right.plot(range(1, steps + 1), [t.cosine for t in traces], color="0.7", linewidth=0.8, label="cosine s")
            right.plot(range(1, steps + 1), [t.cosine_average for t in traces], label="average ŝ")
            right.plot(range(1, steps + 1), [t.damping for t in traces], label="damping d")
    left.plot([0], [0], "k*", markersize=9)
    left.set(xlim=(-10, 4), ylim=(-3.2, 3.2), xlabel="x₁", ylabel="x₂", title="a narrow valley, η = 0.9, β = 0.9")
    left.legend(fontsize=8)
    right.set(xlabel="step", ylim=(-1.05, 1.05), title="TAM's angle and damping")
    right.legend(fontsize=8, framealpha=1, loc="lower right")


FIGURES = (
    Figure(
        "tam-angle",
        "A gradient against the momentum is damped: the new momentum of SGDM and TAM at two angles, and the damping "
        "against the angle (TAM, Figure 1).",
        "T7",
        draw_angle,
        (9.0, 3.0),
    ),
    Figure(
        "tam-trajectory",
        "Trajectories of SGDM and TAM at the same learning rate, and TAM's cosine, its average and the damping "
        "(TAM, Figure 2).",
        "D2.1",
        draw_trajectory,
        (9.0, 3.4),
    ),
)
