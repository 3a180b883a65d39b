"""Define a claim: its statement, the methods that check it on the running code, and what they must refute.

A check takes the optimizers as its argument. `momoracle verify` passes the reference's own. A refutation passes a wrong
optimizer to the same check, and the check must find a counterexample: this shows that the check can fail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from momoracle.reference import SGD, SGDM, TAM, Adam, AdamW, AdaTAM, AdaTAMW, MoMo, MoMoAdam

__all__ = [
    "EFFORTS",
    "CheckMethod",
    "Claim",
    "Effort",
    "Evidence",
    "Falsified",
    "Optimizers",
    "Refutation",
    "Step",
    "require",
]

#: where a claim comes from: the paper, public restatements of it, a derivation here, or a conjecture that is open
Status: TypeAlias = Literal["paper", "restated", "derived", "conjecture"]
Kind: TypeAlias = Literal["definition", "identity", "upper bound", "lower bound", "property", "statistical", "open"]
#: a class of `momoracle.reference`, or a wrong one with the same arguments: numbers of any kind are hyperparameters
Optimizer: TypeAlias = Callable[..., Any]
Way: TypeAlias = Literal["symbolic", "exact", "proven", "solver", "property", "statistical", "worst case", "measured"]


class Falsified(Exception):  # noqa: N818 - a finding of a check, not a fault of the program
    """A check has found a counterexample; the message gives it.

    >>> raise Falsified("at x = 2 the step is 3")
    Traceback (most recent call last):
    ...
    momoracle.paper_checks.claim.Falsified: at x = 2 the step is 3
    """


def require(condition: bool, message: str) -> None:
    """Raise `Falsified` with a counterexample unless the condition holds.

    Args:
        condition: what must hold.
        message: the counterexample, in words and numbers.

    Raises:
        Falsified: the condition does not hold.

    >>> require(1 + 1 == 2, "1 + 1 is not 2")
    >>> require(0.1 + 0.2 == 0.3, "0.1 + 0.2 is not 0.3 in binary")
    Traceback (most recent call last):
    ...
    momoracle.paper_checks.claim.Falsified: 0.1 + 0.2 is not 0.3 in binary
    """
    if not condition:
        raise Falsified(message)


@dataclass(frozen=True)
class Optimizers:
    """The optimizers that a check runs: the reference's, or wrong ones in their place.

    Args:
        momo, momo_adam, adam, adamw, sgd, sgdm, tam, adatam, adatamw: makes each optimizer from its hyperparameters.

    >>> from functools import partial
    >>> Optimizers().sgdm().beta, Optimizers(sgdm=partial(SGDM, beta=0.5)).sgdm().beta
    (0.9, 0.5)
    """

    momo: Optimizer = MoMo
    momo_adam: Optimizer = MoMoAdam
    adam: Optimizer = Adam
    adamw: Optimizer = AdamW
    sgd: Optimizer = SGD
    sgdm: Optimizer = SGDM
    tam: Optimizer = TAM
    adatam: Optimizer = AdaTAM
    adatamw: Optimizer = AdaTAMW


@dataclass(frozen=True)
class Effort:
    """How much work a check may take: a factor on its numbers of instances, steps and samples.

    Args:
        scale: the factor; 1 is the default.

    >>> Effort(0.25).count(usual=40), Effort(0.25).count(usual=8, least=5)
    (10, 5)
    """

    scale: float = 1.0

    def count(self, usual: int, least: int = 1) -> int:
        """Return how many instances to take: ``usual`` times the factor, but at least ``least``."""
        return max(least, round(usual * self.scale))


#: the efforts that ``momoracle verify`` offers
EFFORTS = {"quick": Effort(0.25), "default": Effort(1.0), "thorough": Effort(8.0)}


@dataclass(frozen=True)
class Evidence:
    """The evidence of a check that holds; for a bound also the computed number and the theoretical one.

    Args:
        text: what was checked, and with which result.
        computed: the computed number, where there is one.
        theory: what theory says about it.
    """

    text: str
    computed: float | None = None
    theory: float | None = None


Check: TypeAlias = Callable[[Optimizers, Effort], Evidence]


@dataclass(frozen=True)
class CheckMethod:
    """One way of checking a claim.

    Args:
        way: which kind of reasoning it is.
        what: what it does, in a few words.
        check: returns its evidence, or raises `Falsified` with a counterexample.
        needs: modules without which it cannot run; it is then reported as not run.
    """

    way: Way
    what: str
    check: Check
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The method's name in tables and files."""
        return f"{self.way}: {self.what}"


@dataclass(frozen=True)
class Refutation:
    """Something wrong that checks of the claim must notice.

    Args:
        variant: what is wrong, in words.
        by: the checks that must each raise `Falsified`; a wrong statement is a check with other arguments.
        wrong: the optimizers to check, among them a wrong one; the reference's where the statement is what is wrong.
    """

    variant: str
    by: tuple[Check, ...]
    wrong: Callable[[], Optimizers] = Optimizers


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    Args:
        formula: in LaTeX.
        reason: why it holds.
    """

    formula: str
    reason: str


@dataclass(frozen=True)
class Claim:
    r"""One statement of the papers, or a consequence of one.

    Args:
        id: its number: D for a definition, L for a lemma, M and T for the consequences about MoMo and TAM, S for the
            step as it runs.
        title: what it says, in a few words.
        source: the place in the paper, or whether it is derived here, a convention, or open.
        kind: what kind of statement it is; a check of an identity is two-sided, of a bound one-sided.
        statement: the statement in LaTeX.
        methods: the ways in which it is checked.
        refutations: what the checks must notice.
        derivation: the proof, line by line.
        remark: in what the statement is narrower or sharper than its usual form.
        status: whether the paper states it, others have restated it, it is derived here, or it is a conjecture.

    >>> import numpy as np
    >>> from momoracle.paper_checks.evaluate import evaluate
    >>> def moved(optimizers, effort):
    ...     opt, x = optimizers.sgdm(lr=0.5, beta=0.0), np.array([2.0])
    ...     x = opt.step(x, np.array([2.0]), opt.init(x))[0]
    ...     require(x[0] == 1.0, f"x is {x[0]}")
    ...     return Evidence("x went from 2 to 1")
    >>> def doubled():
    ...     return Optimizers(sgdm=lambda lr, beta: SGDM(lr=2 * lr, beta=beta))
    >>> claim = Claim(
    ...     "X1", "a step of SGD", "derived", "identity", r"x^2 = x^1 - \alpha g_1",
    ...     methods=(CheckMethod("exact", "by hand", moved),),
    ...     refutations=(Refutation("twice the rate", (moved,), doubled),),
    ...     derivation=(Step(r"m_1 = g_1", "m_0 = 0"),),
    ... )
    >>> result = evaluate(claim, Effort())
    >>> result.verdict, result.refutations[0].evidence
    ('holds', 'x is 0.0')
    """

    id: str
    title: str
    source: str
    kind: Kind
    statement: str
    methods: tuple[CheckMethod, ...]
    refutations: tuple[Refutation, ...]
    derivation: tuple[Step, ...] = ()
    remark: str = ""
    status: Status = "derived"
