"""How fast a method converges on a problem, beside what theory promises."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from momoracle.convergence.certificates.certificate import Certificate, not_momo
from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.engine.summary import Finding, Summary
from momoracle.convergence.method_text import method_label
from momoracle.convergence.problems.problem import Array
from momoracle.convergence.problems.trial import try_problem
from momoracle.convergence.run import run
from momoracle.convergence.statistics.confidence import upper_bound
from momoracle.convergence.statistics.slope import Slope, fit
from momoracle.convergence.verdict import Evidence, Verdict, is_refuted, judge

RISK = 0.01  # the probability with which the confidence bounds of one curve may fail, all of its checkpoints together
Outcome = Literal["holds", "violated", "undecided", "not applicable"]
_NEEDS = ("convex", "interpolates", "optimum", "lipschitz")


class CertificateOutcome(NamedTuple):
    """One certificate on one cell: what became of it, the reason where it is not applicable, else what it found."""

    certificate: Certificate
    verdict: Outcome
    reason: str
    finding: Finding | None


@dataclass(frozen=True)
class Rate:
    """The curve of one cell of an ensemble; arrays have one entry a checkpoint k.

    Args:
        ensemble: what was run.
        cell: which pair of start and grid point.
        steps: k.
        average: the mean over the seeds of (1/k) Σ_{j≤k} f_j − f, f the least mean loss where it is known, else f_*.
        last: the mean over the seeds of f(x^k) − f.
        upper: with confidence 1 − `RISK` the expectation of ``average`` is below, for all k at once; None where no
            range of the values is known.
        bound: M6's G ‖x^1−x*‖ / ((1−β) √k); None where the theorem does not apply, and then ``no_bound`` says why.
        remedy: what would make it apply.
        slope: of ``average``, None where it cannot be fitted.
        expected: the slope that theory promises at most, −1 for smooth and −1/2 for other losses, or None.
        certificates: the verdict of every certificate.
        watched: the mean over the seeds of each scalar of the trace that the ensemble watches.
        retired: how many replicas left the range of their dtype, and the first step at which one did.

    >>> from momoracle import SGD
    >>> from momoracle.convergence import Ensemble, rates
    >>> from momoracle.convergence import least_squares
    >>> (rate,) = rates(Ensemble(least_squares(), SGD(lr=0.1), steps=10))
    >>> rate.verdict, rate.no_bound  # no theorem of MoMo is about SGD
    ('no bound applies', 'the theory is about MoMo, the method is SGD')
    """

    ensemble: Ensemble
    cell: int
    steps: Array
    average: Array
    last: Array
    upper: Array | None
    bound: Array | None
    no_bound: str
    remedy: str
    slope: Slope | None
    expected: float | None
    certificates: tuple[CertificateOutcome, ...]
    watched: dict[str, Array]
    retired: tuple[int, int]

    @property
    def method(self) -> Any:
        """The method, with the hyperparameters of this cell."""
        return self.ensemble.method_at(self.cell % self.ensemble.grid)

    @property
    def label(self) -> str:
        """What tables call the method: the ensemble's label, or else the options that are not defaults."""
        return self.ensemble.label or method_label(self.method)

    @property
    def ratio(self) -> float | None:
        """The last average over the last bound: 1 is a bound that is attained."""
        return None if self.bound is None or self.bound[-1] == 0 else float(self.average[-1] / self.bound[-1])

    @property
    def statistics(self) -> Outcome:
        """Whether the expectation is below the bound at every checkpoint, with confidence 1 − `RISK`.

        ``violated`` where the mean itself is above; ``undecided`` where only its confidence bound is: more seeds
        decide.
        """
        if self.bound is None or self.upper is None:
            return "not applicable"
        if not np.all(self.average <= self.bound):
            return "violated"
        return "holds" if np.all(self.upper <= self.bound) else "undecided"

    @property
    def grows(self) -> bool:
        """Whether the gap grows: its slope is above zero with confidence, or it ends higher than it began."""
        if self.slope is not None:
            return self.slope.low > 0
        return bool(self.average[-1] > self.average[0] and self.last[-1] > self.last[0])

    @property
    def holds_by(self) -> tuple[str, ...]:
        """What constrains the outcome and is met: ``bound``, and ids of certificates."""
        met = [c.certificate.id for c in self.certificates if (c.certificate.role, c.verdict) == ("outcome", "holds")]
        return ("bound", *met) if self.statistics == "holds" else tuple(met)

    @property
    def evidence(self) -> Evidence:
        """What the runs have shown."""
        violated = {c.certificate.role for c in self.certificates if c.verdict == "violated"}
        met = {c.certificate.role for c in self.certificates if c.verdict == "holds"}
        return Evidence(
            refuted=is_refuted(violated),
            violated=self.statistics == "violated" or bool(violated),
            diverged=self.retired[0] > 0 or not (np.isfinite(self.average).all() and np.isfinite(self.last).all()),
            grows=self.grows,
            undecided=self.statistics == "undecided",
            bounded=bool(self.holds_by),
            identity="identity" in met,
        )

    @property
    def verdict(self) -> Verdict:
        """What the evidence comes to, see `verdict.judge`."""
        return judge(self.evidence)


def m6_bound(largest: float, beta: float, steps: Array) -> Array:
    """Return G ‖x^1−x*‖ / ((1−β) √k) (M6), with ``largest`` = G ‖x^1−x*‖."""
    return largest / ((1 - beta) * np.sqrt(steps))


def rates(
    ensemble: Ensemble,
    processes: int = 1,
    tile: int | None = None,
    done: Callable[[int], Any] = lambda steps: None,
    bound: Callable[[float, Any, Array], Array] = m6_bound,
    try_first: bool = True,
) -> list[Rate]:
    """Run an ensemble and return the `Rate` of each cell, beside the theorem's bound.

        (1/K) Σ_{k≤K} E[f(x^k) − f_*] ≤ G ‖x^1 − x*‖ / ((1−β) √K)

    Args:
        ensemble: what is run.
        processes: as for `run`.
        tile: as for `run`.
        done: as for `run`.
        bound: the bound on the expectation, from G ‖x^1−x*‖, β and the steps k.
        try_first: whether what the problem states is tried on sampled points before anything runs.

    Raises:
        ValueError: processes or tile is below 1.
        ProblemError: a statement of the problem is refuted before the run, or its own code fails.

    Source: MoMo (arXiv 2305.07583), the O(1/√K) theorem (M6).

    >>> from momoracle import MoMo
    >>> from momoracle.convergence import NO_CAP
    >>> from momoracle.convergence import least_squares
    >>> ensemble = Ensemble(least_squares(), MoMo(lr=NO_CAP), steps=200, seeds=32)
    >>> (rate,) = rates(ensemble)
    >>> rate.verdict, rate.ratio < 1
    ('holds', True)
    """
    if try_first:
        try_problem(ensemble.problem, ensemble.start_points)
    summary = Summary(ensemble)
    for part in run(ensemble, processes, tile, done):
        summary.add(part)
    return [_rate(summary, cell, bound) for cell in range(ensemble.cells)]


def _rate(summary: Summary, cell: int, bound_of: Callable[[float, Any, Array], Array]) -> Rate:
    ensemble, problem = summary.ensemble, summary.ensemble.problem
    constants, steps = problem.constants, summary.steps
    method: Any = ensemble.method_at(cell % ensemble.grid)
    least = constants.lower_bound if constants.infimum is None else constants.infimum
    average, last = summary.mean("loss_average", cell) - least, summary.mean("mean_loss", cell) - least
    certificates = tuple(_certificate_outcome(c, summary, cell, method) for c in ensemble.certificates)
    no_bound, remedy = _no_bound(summary, cell, method)
    bound = upper = None
    if not no_bound:
        assert constants.lipschitz is not None
        distance = float(np.linalg.norm(ensemble.start_points[cell // ensemble.grid] - constants.optimum))
        largest = constants.lipschitz(distance) * distance  # f(x, s) − f_* ≤ <g, x − x*>
        bound = bound_of(largest, method.beta, steps)
        if problem.samples == 1:  # nothing is drawn: the mean is the expectation
            upper = average
        else:
            upper = np.array([_upper(mean, ensemble.seeds, largest, RISK / len(steps)) for mean in average])
    slope = None
    if ensemble.seeds > 1 or problem.samples == 1:
        slope = fit(steps, summary.sums["loss_average"][cell] - least * summary.counts[:, None], summary.counts)
    smooth = constants.smoothness is not None
    return Rate(
        ensemble=ensemble,
        cell=cell,
        steps=steps,
        average=average,
        last=last,
        upper=upper,
        bound=bound,
        no_bound=no_bound,
        remedy=remedy,
        slope=slope,
        expected=None if no_bound else -1.0 if smooth else -0.5,
        certificates=certificates,
        watched={name: summary.mean(name, cell) for name in ensemble.watch},
        retired=(int(summary.retired[cell]), int(summary.first_retired[cell])),
    )


def _upper(mean: float, count: int, largest: float, risk: float) -> float:
    """Return the upper confidence bound; a mean outside its range shows that the range is wrong, and bounds nothing."""
    return upper_bound(max(mean, 0.0), count, largest, risk) if mean <= largest else float("inf")


def _no_bound(summary: Summary, cell: int, method: Any) -> tuple[str, str]:
    """Return why M6's bound on the expectation does not apply and what would make it apply; empty texts if it does."""
    problem = summary.ensemble.problem
    if reason := not_momo(method, problem):
        return reason, "run MoMo without weight decay, with lower_bound = f_* and no estimate of it"
    for fact in _NEEDS:
        if reason := problem.constants.lacks(fact):
            stated = fact in problem.constants.why_not
            return reason, "take a problem where that holds" if stated else f"state constants.{fact}, if you know it"
    if problem.in_order:
        return "the samples are taken in a fixed order, not drawn", "leave in_order out"
    if capped := int(summary.capped[cell]):
        return f"the cap bound in {capped} of {summary.ensemble.seeds} runs", "raise lr, which is the cap"
    return "", ""


def _certificate_outcome(certificate: Certificate, summary: Summary, cell: int, method: Any) -> CertificateOutcome:
    ensemble = summary.ensemble
    if certificate.id not in summary.certificates:
        reasons = [certificate.not_applicable(ensemble.problem, ensemble.method_at(i)) for i in range(ensemble.grid)]
        return CertificateOutcome(certificate, "not applicable", next(filter(None, reasons)), None)
    finding = summary.finding(cell, certificate.id)
    if not finding.checked:
        return CertificateOutcome(
            certificate, "not applicable", f"it is about {certificate.only}: there was none", finding
        )
    return CertificateOutcome(certificate, "violated" if finding.violated else "holds", "", finding)
