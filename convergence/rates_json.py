"""A rate as JSON: what `momoracle rates --json` writes."""

from dataclasses import fields
from typing import Any

import numpy as np

from momoracle.convergence.rates import RISK, CertificateOutcome, Rate


def to_json(rate: Rate) -> dict[str, Any]:
    """Return the rate as JSON values; what is not finite is null."""
    ensemble, bound = rate.ensemble, rate.bound
    return {
        "problem": ensemble.problem.name,
        "method": rate.label,
        "hyperparameters": _hyperparameters(rate.method),
        "size": ensemble.problem.size,
        "samples": ensemble.problem.samples,
        "steps": ensemble.steps,
        "seeds": ensemble.seeds,
        "first_seed": ensemble.first_seed,
        "dtype": ensemble.dtype,
        "compiled": ensemble.compiled,
        "verdict": rate.verdict,
        "holds_by": list(rate.holds_by),
        "statistics": {
            "verdict": rate.statistics,
            "not_applicable": rate.no_bound,
            "remedy": rate.remedy,
            "risk": RISK,
            "method": "Chernoff-Hoeffding (relative entropy), all checkpoints at once by Bonferroni",
        },
        "checkpoints": rate.steps.tolist(),
        "average": _numbers(rate.average),
        "average_upper": None if rate.upper is None else _numbers(rate.upper),
        "last": _numbers(rate.last),
        "bound": None if bound is None else _numbers(bound),
        "ratio": rate.ratio,
        "slope": None if rate.slope is None else rate.slope._asdict(),
        "expected_slope": rate.expected,
        "retired": {"replicas": rate.retired[0], "first_step": rate.retired[1] or None},
        "certificates": [_certificate(outcome) for outcome in rate.certificates],
    }


def _hyperparameters(method: Any) -> dict[str, Any]:
    values = {option.name: getattr(method, option.name) for option in fields(method)}
    return {name: repr(value) if callable(value) else value for name, value in values.items()}


def _certificate(outcome: CertificateOutcome) -> dict[str, Any]:
    finding = outcome.finding
    return {
        "id": outcome.certificate.id,
        "statement": outcome.certificate.statement,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "checked": 0 if finding is None else finding.checked,
        "replicas": 0 if finding is None else finding.replicas,
        "violated": 0 if finding is None else finding.violated,
        "margin": None if finding is None or not np.isfinite(finding.margin) else finding.margin,
        "first": None if finding is None or finding.first is None else finding.first._asdict(),
    }


def _numbers(values: Any) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
