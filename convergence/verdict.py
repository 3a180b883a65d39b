"""From evidence to a verdict: one function, whatever was measured and wherever it is shown."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Verdict = Literal[
    "problem error", "violated", "diverged", "grows", "undecided", "holds", "consistent", "no bound applies"
]
#: the verdicts, the worst first
VERDICTS: tuple[Verdict, ...] = (
    "problem error",
    "violated",
    "diverged",
    "grows",
    "undecided",
    "holds",
    "consistent",
    "no bound applies",
)
FALLS_SHORT = frozenset(VERDICTS[:5])  # exit status 1; of a problem error 2


class Evidence(NamedTuple):
    """What runs have shown.

    Attributes:
        refuted: a constant that the problem states is wrong on a path.
        violated: a certificate of the theory, or the bound on the expectation, is violated.
        diverged: a run left the range of its dtype, or a value is not finite.
        grows: the gap grows.
        undecided: the bound on the expectation is neither shown nor refuted.
        bounded: a bound or a certificate that constrains the outcome applies and is met.
        identity: certificates of the bookkeeping alone are met (M4): they say nothing about the outcome.
    """

    refuted: bool = False
    violated: bool = False
    diverged: bool = False
    grows: bool = False
    undecided: bool = False
    bounded: bool = False
    identity: bool = False


def is_refuted(violated: Iterable[str]) -> bool:
    """Tell from the roles of violated certificates whether the problem is to blame rather than the method.

    G is stated on a ball around x* that only MoMo is known to stay in. So it refutes the problem where nothing else is
    violated; a wrong method leaves the ball, and is seen to.

    >>> is_refuted({"constant", "outcome"}), is_refuted({"ball"}), is_refuted({"ball", "outcome"})
    (True, True, False)
    """
    roles = set(violated)
    return "constant" in roles or roles == {"ball"}


def judge(evidence: Evidence) -> Verdict:
    """Return the verdict on some evidence.

    The first that applies counts:

    1. *problem error*: a constant is wrong, so nothing else that was checked with it means anything.
    2. *violated*, then *diverged*, then *grows*: no bound that is met elsewhere makes up for these.
    3. *undecided*: the mean is below its bound, its confidence bound is not.
    4. *holds*: something that constrains the outcome applies and is met.
    5. *consistent*: identities hold, which they would for a run that goes nowhere.
    6. *no bound applies*.

    >>> judge(Evidence(bounded=True)), judge(Evidence(bounded=True, grows=True)), judge(Evidence(identity=True))
    ('holds', 'grows', 'consistent')
    """
    if evidence.refuted:
        return "problem error"
    if evidence.violated:
        return "violated"
    if evidence.diverged:
        return "diverged"
    if evidence.grows:
        return "grows"
    if evidence.undecided:
        return "undecided"
    if evidence.bounded:
        return "holds"
    return "consistent" if evidence.identity else "no bound applies"


def combine(verdicts: Iterable[str]) -> str:
    """Return what several verdicts come to: ``fails``, or the worst of the others; *holds* where one does at least.

    >>> combine(["holds", "no bound applies"]), combine(["holds", "undecided"]), combine(["undecided", "diverged"])
    ('holds', 'undecided', 'fails')
    >>> combine(["consistent", "no bound applies"])
    'consistent'
    """
    have = set(verdicts)
    if have & (FALLS_SHORT - {"undecided"}):
        return "fails"
    return next((verdict for verdict in VERDICTS if verdict in have), "no bound applies")
