"""What a check finds beside the deviations: explanation, location, behaviours, smallest counterexample."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Names: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """The departures from the method that reproduce what a port returned, in every core vector that it ran.

    ``departures`` is a smallest set of their ids, empty where there is none; ``others`` are all other sets of that
    size which reproduce the same, so that these vectors cannot tell them apart. ``nearest`` is the set that reproduces
    most where none reproduces all; ``reproduced`` counts the vectors that ``departures`` or else ``nearest`` gives, of
    ``vectors`` that were run. ``confirmed`` counts the fresh cases, which no search has seen, that they give too.
    """

    departures: Names
    others: tuple[Names, ...]
    nearest: Names
    reproduced: int
    vectors: int
    confirmed: int = 0


@dataclass(frozen=True)
class Location:
    """Where a port parts from the method, told from its outputs: one finding in words, and what it rests on.

    ``equation`` is the paper's equation that is broken; ``evidence`` are the numbers, as sentences.
    """

    finding: str
    equation: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unmatched:
    """An ``argument`` of the port to which no hyperparameter is passed, or a ``buffer`` that is no quantity's.

    ``meant`` is the name that it resembles, if any. None of it decides the verdict.
    """

    kind: Literal["argument", "buffer"]
    name: str
    meant: str | None


BehaviourOutcome: TypeAlias = Literal["holds", "broken", "crashes", "not_offered", "not_applicable", "not_run"]


@dataclass(frozen=True)
class Behaviour:
    """One thing that an optimizer does beside its update: the policy that is expected, and what the port did.

    ``crashes`` is a process that hung or ended, which tells nothing about the policy; ``not_run`` was not tried, for
    the port had hung before. None of it decides the verdict.
    """

    id: str
    policy: str
    outcome: BehaviourOutcome
    evidence: str


@dataclass(frozen=True)
class Counterexample:
    """The smallest input on which a search saw the port deviate: the numbers, and a script that shows it.

    ``quantity`` is ``params``, or the kind of an incident, whose message is ``observed`` then. ``examples`` and
    ``seconds`` say how long the search was; ``script`` has at most 15 lines.
    """

    quantity: str
    step: int
    observed: float | str
    expected: float | str
    tolerance: float
    script: str
    examples: int
    seconds: float


@dataclass(frozen=True)
class Exhausted:
    """No counterexample in ``examples`` cases; ``discarded`` more were ill-posed, or not offered by the port.

    Where there are no ``examples``, nothing has been searched, which must not look like a verdict.
    """

    examples: int
    discarded: int
    seconds: float


def as_json(finding: Any) -> Any:
    """Return a finding (or None) as the JSON of a report holds it."""
    return None if finding is None else asdict(finding)
