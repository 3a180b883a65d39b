"""Tell a student how much is right, which equation fails first and where, and give a hint."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from momoracle.common.plain_text import plain_text
from momoracle.ports.classroom.hints import hint
from momoracle.ports.classroom.student import Raised
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.running.report import Deviation, Verdict


@dataclass(frozen=True)
class Feedback:
    """The result of `momoracle.check`; a notebook shows it as HTML, a terminal as text.

    Args:
        algorithm: the method that was to be written.
        name: the student's class.
        verdict: ``"conforms"``, ``"deviates"`` or ``"crashes"``, on the vectors that could be run.
        equation: the equation that fails first, empty where none does or where the code did not get that far.
        hints: sentences that lead to the mistake, the likeliest first.
        explanation: the ids of the departures (``ports/departures``) or mistakes that give the student's very
            numbers: for teachers, for they name the answer. Empty where none do.
        deviations: the first deviation of each vector that deviates, the simplest vector first.
        error: what the code raised, or returned against the rules, if it did.
        agree: how many vectors agree, of ``vectors`` that were run.
        vectors: how many vectors were run.
        not_offered: the hyperparameters that ``start`` has no argument for; vectors that need them were left out.
    """

    algorithm: str
    name: str
    verdict: Verdict
    equation: str
    hints: tuple[str, ...]
    explanation: tuple[str, ...]
    deviations: tuple[Deviation, ...]
    error: Raised | None
    agree: int
    vectors: int
    not_offered: tuple[str, ...]

    @property
    def headline(self) -> str:
        """Whether it is the method, in one sentence."""
        method, what = facts_of(self.algorithm).title, f"{self.agree} of {self.vectors} vectors agree"
        if self.verdict == "conforms":
            praise = "but for one thing beside its numbers" if self.hints else "well done"
            return f"{self.name} is {method}: {what}, {praise}."
        if self.verdict == "crashes":
            return f"{self.name} does not run yet: {self.error.message if self.error else 'it fails'}."
        return f"{self.name} is not {method} yet: {what}."

    @property
    def where(self) -> tuple[str, ...]:
        """Where it fails first, in sentences."""
        if self.error is not None:
            return tuple(self._of_error(self.error))
        if not self.deviations:
            return ()
        first = self.deviations[0]
        entry = f"tensor {first.tensor}" + (f", entry {list(first.index)}" if first.index else "")
        what = "The parameters part" if first.quantity == "params" else f"Your {first.quantity} parts"
        return (
            f"{what} from the method first in step {first.step} of the vector {first.vector}, {entry}: "
            f"yours is {_number_text(first.observed)}, expected is {_number_text(first.expected)}.",
        )

    def _of_error(self, error: Raised) -> Iterator[str]:
        if error.line:
            yield f"Line {error.line} of your code: {error.source}"
        if self.verdict != "crashes":  # the headline says other things
            yield f"{error.message}."
        if error.vector:
            yield f"It was in {f'step {error.step}' if error.step else 'start'} of the vector {error.vector}."

    @property
    def left_out(self) -> str:
        """What was not asked for, in a sentence; empty where all was."""
        names = ", ".join(self.not_offered)
        return f"Left out, as start has no argument for it: {names}." if names else ""

    def __repr__(self) -> str:
        lines = [self.headline, *self.where]
        lines += [f"The equation: {self.equation}"] if self.equation else []
        lines += [f"Hint: {hint}" for hint in self.hints]
        return plain_text("\n".join([*lines, *filter(None, [self.left_out])]))

    def _repr_html_(self) -> str:
        return _template().render(it=self)


def hints_for(algorithm: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the hints for these departures and mistakes, none of them twice."""
    return tuple(dict.fromkeys(hint(algorithm, name) for name in names))


def _number_text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=plain_text
    )
    return environment.from_string(
        (files("momoracle.ports.classroom") / "feedback.html.j2").read_text(encoding="utf-8")
    )
