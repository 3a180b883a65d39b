"""What a check and the process of a port send each other, and what came of one vector."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from momoracle.ports.running.findings import BehaviourOutcome, Unmatched
from momoracle.reference.golden.vectors import FloatArray, GoldenVector

Kind: TypeAlias = Literal[
    "hang", "crash", "exception", "wrong_shape", "dtype_change", "mutated_gradients", "nan", "not_run"
]


@dataclass(frozen=True)
class Job:
    """One vector to run, without what it expects; ``recorded`` says after which steps the results are wanted.

    Where there are ``resets``, the port goes on after each step from those parameters and not from its own.
    """

    params: tuple[FloatArray, ...]
    hyperparameters: dict[str, Any]
    losses: tuple[float, ...]
    grads: tuple[tuple[FloatArray, ...], ...]
    recorded: tuple[bool, ...]
    resets: tuple[tuple[FloatArray, ...], ...] = ()


@dataclass(frozen=True)
class Question:
    """One check of a behaviour to carry out, by its id."""

    behaviour: str


@dataclass(frozen=True)
class WarmUp:
    """Build a port, step it once and throw it away: what a framework loads at its first step is loaded then."""


@dataclass(frozen=True)
class Request:
    """Something to do, and the seconds of processor time that it may take."""

    work: Job | Question | WarmUp
    processor_seconds: float


@dataclass(frozen=True)
class Ready:
    """Sent once the port is loaded.

    Attributes:
        versions: of the packages that the port uses.
        unmatched: the port's arguments to which no hyperparameter is passed.
        unnamed: hyperparameters that the port takes by ``**kwargs`` alone, so that nothing shows that it reads them.
    """

    versions: dict[str, str]
    unmatched: tuple[Unmatched, ...] = ()
    unnamed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observed:
    """What a port returned after step ``step`` (from 1): parameters, and its buffers under momoracle's names."""

    step: int
    params: tuple[FloatArray, ...]
    buffers: dict[str, tuple[FloatArray, ...]]


@dataclass(frozen=True)
class Incident:
    """Something that went wrong in step ``step`` (0 is ``start``); ``fatal`` ends the vector."""

    kind: Kind
    step: int
    message: str
    fatal: bool = False


@dataclass(frozen=True)
class Missing:
    """The port does not offer ``feature``; ``reason`` says how that was seen, or how to offer it, if there is more."""

    feature: str
    reason: str = ""


@dataclass(frozen=True)
class Answer:
    """What came of a question; ``digest`` stands for the bytes that two processes are to agree on, if any."""

    outcome: BehaviourOutcome
    evidence: str
    digest: str = ""


@dataclass(frozen=True)
class Done:
    """The request has ended, well or not."""


@dataclass
class Outcome:
    """What came of one vector: the results after its recorded steps until it ended, and what went wrong."""

    observed: list[Observed] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    missing: Missing | None = None

    def add(self, message: Any) -> None:
        """File one message of the child process."""
        if isinstance(message, Observed):
            self.observed.append(message)
        elif isinstance(message, Missing):
            self.missing = message
        elif isinstance(message, Incident):
            self.incidents.append(message)

    def has(self, *kinds: Kind) -> bool:
        """Tell whether there was an incident of one of these kinds."""
        return any(incident.kind in kinds for incident in self.incidents)


def job_of(vector: GoldenVector) -> Job:
    """Return what a vector prescribes, without what it expects."""
    return Job(
        params=vector.params,
        hyperparameters=dict(vector.hyperparameters),
        losses=tuple(step.loss for step in vector.steps),
        grads=tuple(step.grads for step in vector.steps),
        recorded=tuple(bool(step.expected) for step in vector.steps),
    )
