"""Check the proximal subproblem of one step: by its optimality conditions, and by solvers that know no formula.

    min_y  F(y) = max{ level + <slope, y>, floor } + 1/(2α) ‖y − x‖²_D + (λ/2) ‖y‖²_D

with D a positive diagonal. F is strongly convex, so a point is the minimiser exactly where 0 is a subgradient:
θ slope + D (y − x)/α + λ D y = 0 for a θ that is 1 where the line lies above the floor, 0 where it lies below,
and anything in [0, 1] where they meet.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from momoracle.paper_checks.claim import Falsified, require
from momoracle.paper_checks.paths import dot


class Subproblem(NamedTuple):
    """The data of the subproblem, over any numbers."""

    level: Any
    slope: Any
    floor: Any
    x: Any
    alpha: Any
    metric: Any  # the diagonal of D
    decay: Any  # λ

    def in_floats(self) -> "Subproblem":
        """Return the subproblem in float64."""
        scalars = {name: float(getattr(self, name)) for name in ("level", "floor", "alpha", "decay")}
        arrays = {name: getattr(self, name).astype(float) for name in ("slope", "x", "metric")}
        return self._replace(**scalars, **arrays)

    def line(self, y: Any) -> Any:
        """Return the untruncated model at y."""
        return self.level + dot(self.slope, y)

    def objective(self, y: Any) -> Any:
        """Return F(y)."""
        away = dot(self.metric * (y - self.x), y - self.x) / (2 * self.alpha)
        return max(self.line(y), self.floor) + away + self.decay * dot(self.metric * y, y) / 2

    def require_minimiser(self, y: Any, label: str) -> str:
        """Raise `Falsified` unless y satisfies the optimality conditions, exactly; return which branch it is in.

        The slope must not vanish.
        """
        pull = self.metric * (y - self.x) / self.alpha + self.decay * self.metric * y
        i = next(i for i, entry in enumerate(self.slope) if entry != 0)
        theta = -pull[i] / self.slope[i]
        for entry, force in zip(self.slope, pull, strict=True):
            require(theta * entry + force == 0, f"{label}: the step is not stationary for any multiplier")
        excess = self.line(y) - self.floor
        if excess > 0:
            require(theta == 1, f"{label}: the line lies above f_*, yet the multiplier is {theta}, not 1")
            return "cap"
        if excess < 0:
            require(theta == 0, f"{label}: the line lies below f_*, yet the multiplier is {theta}, not 0")
            return "no step"
        require(0 <= theta <= 1, f"{label}: the multiplier {theta} is outside [0, 1]")
        return "Polyak"

    def require_no_better(self, y: Any, solution: Any, label: str, precision: float) -> float:
        """Raise `Falsified` unless y is the minimiser, judged by a point that a solver found; return their distance.

        F is strongly convex: F(found) ≥ F(y) + ½ (1/α + λ) ‖found − y‖²_D exactly where y is the minimiser. What is
        allowed beside it is the rounding of F itself: its terms, summed in float64. The solver must have come as near
        as ``precision`` times F's scale, or it would prove nothing.
        """
        gap = float(self.objective(solution) - self.objective(y))
        apart = float(dot(self.metric * (solution - y), solution - y)) * (1 / self.alpha + self.decay) / 2
        terms = abs(self.level) + float(np.abs(self.slope) @ (np.abs(y) + np.abs(solution))) + abs(self.floor)
        terms += float(self.metric @ ((np.abs(y) + np.abs(self.x) + np.abs(solution)) ** 2)) * (
            1 / self.alpha + self.decay
        )
        rounding = 4 * (len(y) + 8) * float(np.finfo(float).eps) * terms
        require(gap >= apart - rounding, f"{label}: the solver's point is better by {apart - gap:.2g}")
        if gap > precision * terms:
            raise RuntimeError(f"{label}: the solver stopped {gap:.2g} above the minimum and proves nothing")
        return float(np.sqrt(dot(self.metric * (solution - y), solution - y)))

    def solve_by_scipy(self) -> Any:
        """Return SciPy's minimiser (SLSQP on the epigraph: min t + … with t ≥ line and t ≥ floor)."""
        n, root = len(self.x), np.sqrt(self.metric / self.alpha)  # y = x + z / root makes the proximal term ½ ‖z‖²
        slope, line = self.slope / root, self.line(self.x)

        def smooth(v: Any) -> tuple[float, Any]:
            z, y = v[:n], self.x + v[:n] / root
            value = v[n] + z @ z / 2 + self.decay * float(self.metric @ (y * y)) / 2
            return value, np.append(z + self.decay * self.metric * y / root, 1.0)

        above = {
            "type": "ineq",
            "fun": lambda v: np.array([v[n] - line - slope @ v[:n], v[n] - self.floor]),
            "jac": lambda v: np.array([np.append(-slope, 1.0), np.append(np.zeros(n), 1.0)]),
        }
        start = np.append(np.zeros(n), max(line, self.floor))
        options = {"ftol": 1e-13, "maxiter": 200}
        solution = minimize(smooth, start, jac=True, method="SLSQP", constraints=[above], options=options)
        if not np.all(np.isfinite(solution.x)):
            raise Falsified("SciPy found no minimiser")
        return self.x + solution.x[:n] / root

    def solve_by_clarabel(self) -> Any:
        """Return the minimiser that the conic solver Clarabel finds, through cvxpy."""
        import cvxpy

        root = np.sqrt(self.metric)
        y = cvxpy.Variable(len(self.x))
        near = cvxpy.sum_squares(cvxpy.multiply(root, y - self.x)) / (2 * self.alpha)
        small = self.decay / 2 * cvxpy.sum_squares(cvxpy.multiply(root, y))
        model = cvxpy.maximum(self.level + self.slope @ y, self.floor)
        cvxpy.Problem(cvxpy.Minimize(model + near + small)).solve(solver=cvxpy.CLARABEL)
        return np.asarray(y.value)
