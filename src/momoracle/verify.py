"""``momoracle verify``: the reference as it runs here against its proven vectors, and wrong variants that must fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from momoracle.ports.canaries import CANARIES
from momoracle.ports.canary import variant
from momoracle.ports.compare import first_deviation
from momoracle.ports.kills import catches
from momoracle.ports.method_port import MethodPort, observed
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden.files import load
from momoracle.reference.golden.vectors import Vector


@dataclass(frozen=True)
class Method:
    """One way of checking a claim, and what it found."""

    method: str
    verdict: Literal["holds", "fails"]
    evidence: str


@dataclass(frozen=True)
class Refutation:
    """A wrong variant, and whether the check refutes it."""

    variant: str
    refuted: bool


@dataclass(frozen=True)
class Result:
    """One claim with its verdict; it fails where a method does, or where a wrong variant is not refuted."""

    id: str
    kind: str
    methods: tuple[Method, ...]
    refutations: tuple[Refutation, ...]

    @property
    def verdict(self) -> Literal["holds", "fails"]:
        """``holds`` where every method holds and every refutation is refuted."""
        sound = all(m.verdict == "holds" for m in self.methods) and all(r.refuted for r in self.refutations)
        return "holds" if sound else "fails"

    def to_json(self) -> dict[str, Any]:
        """Return the contract of ``verify --json`` for one claim."""
        return {
            "id": self.id,
            "kind": self.kind,
            "verdict": self.verdict,
            "methods": [vars(m) for m in self.methods],
            "refutations": [vars(r) for r in self.refutations],
        }


def claims() -> list[str]:
    """Return the ids of all claims."""
    return [f"golden-{algorithm}" for algorithm in ALGORITHMS]


def run(chosen: list[str]) -> Iterator[Result]:
    """Check the chosen claims, one after another."""
    for claim in chosen:
        yield golden(claim.removeprefix("golden-"))


def golden(algorithm: str) -> Result:
    """Run the reference in floating point on every vector, and each canary on the vectors that catch it."""
    vectors = load(algorithm).vectors
    failing = [(v, fault) for v in vectors if (fault := _fault(algorithm, v)) is not None]
    evidence = f"{len(vectors) - len(failing)} of {len(vectors)} vectors within their tolerances"
    if failing:
        evidence += f"; first: {failing[0][0].id}, {failing[0][1]}"
    method = Method("floating point against proven values", "fails" if failing else "holds", evidence)
    return Result(f"golden-{algorithm}", "identity", (method,), tuple(_refutations(algorithm, vectors)))


def _fault(algorithm: str, vector: Vector) -> str | None:
    try:
        deviation = first_deviation(vector, observed(MethodPort(ALGORITHMS[algorithm]), vector))
    except (ArithmeticError, ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    if deviation is None:
        return None
    return f"step {deviation.step}, {deviation.quantity}: {deviation.observed} for {deviation.expected}"


def _refutations(algorithm: str, vectors: tuple[Vector, ...]) -> Iterator[Refutation]:
    for canary in CANARIES[algorithm]:
        try:
            method = variant(algorithm, canary)
        except LookupError:  # the reference's text has changed under the canary: nothing shows that it is caught
            yield Refutation(canary.id, False)
            continue
        yield Refutation(canary.id, any(catches(v, method) for v in vectors if canary.id in v.kills))
