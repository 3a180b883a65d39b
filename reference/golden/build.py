"""All golden vectors of an algorithm, built from its cases."""

from collections.abc import Callable, Iterator
from itertools import chain

from momoracle.common.user_code import error_report
from momoracle.reference.frame.registry import is_own, method_of
from momoracle.reference.golden.cases import Case, Maker, fits, shared_cases
from momoracle.reference.golden.cases_declared import declared_cases, loss_cases
from momoracle.reference.golden.families import families_of
from momoracle.reference.golden.flags import FLAGS
from momoracle.reference.golden.prove import Ambiguous, prove
from momoracle.reference.golden.vectors import GoldenVector, VectorFile
from momoracle.reference.numbers.balls import Undecided
from momoracle.reference.numbers.rounded_balls import IllPosed

DTYPES = ("float64", "float32")
_ALLOWED = (
    "advance may use + - * / of vectors and scalars, powers of scalars, and now.numbers: scalar, sqrt, dots, minimum, "
    "maximum, positive, quotient, less, select; now.loss is there where the class sets needs_loss = True"
)


def cases(algorithm: str) -> Iterator[Case]:
    """Yield the cases of an algorithm in both dtypes."""
    for dtype in DTYPES:
        make = Maker(algorithm, dtype)
        families = families_of(make)
        known = [*shared_cases(make), *chain.from_iterable(family.cases(make) for family in families)]
        if make.method.needs_loss and not families:
            known += loss_cases(make)
        yield from (case for case in (*known, *declared_cases(make, known)) if make.accepts(**case.hyperparameters))


def build(algorithm: str) -> VectorFile:
    """Prove every vector of an algorithm.

    Cases were chosen for the package's own methods so that each has a proof. For another method some cases may have
    none, because rounding decides a branch or a result does not fit the dtype: these are left out, and the file says
    which.

    Raises:
        ValueError: the class lacks something, or its formulas cannot be computed in balls; the message says what.
    """
    if is_own(algorithm):
        return _build(algorithm, prove)
    # What the declaration lacks is named before anything is computed, so that what fails later is in the formulas.
    method_of(algorithm)(**Maker(algorithm, DTYPES[0]).hyperparameters())
    try:
        return _build(algorithm, _prove_foreign)
    except _Refusal as error:
        raise ValueError(f"{algorithm}: {error}") from error.__cause__
    except Exception as error:  # whatever a user's text raises
        raise ValueError(f"{algorithm}: a step fails with {error_report(error)}; {_ALLOWED}") from error


class _NoProof(Exception):  # noqa: N818 - an answer, not an error
    """A case makes no vector; the message says why."""


class _Refusal(Exception):  # noqa: N818 - becomes a ValueError
    """A method makes no vectors at all; the message says why."""


def _build(algorithm: str, prove_case: Callable[[Case], GoldenVector]) -> VectorFile:
    vectors, left_out = [], {}
    for case in cases(algorithm):
        try:
            vectors.append(prove_case(case))
        except _NoProof as error:
            left_out[case.id] = str(error)
    # A method whose plainest case has no proof has a fault of its own; a few vectors of odd cases would hide it.
    for first in (Maker(algorithm, dtype).case_id("basic") for dtype in DTYPES):
        if first in left_out:
            raise _Refusal(f"the first case, {first}, has no proof: {left_out[first]}")
    used = {flag for vector in vectors for flag in vector.flags}
    return VectorFile(algorithm, {name: FLAGS[name] for name in FLAGS if name in used}, tuple(vectors), left_out)


def _prove_foreign(case: Case) -> GoldenVector:
    """Return the vector of a case of a method that the package does not know."""
    # First in floats, as its users will run it: where something overflows there is nothing to expect.
    if not fits(case):
        raise _NoProof(f"a result does not fit {case.dtype}")
    try:
        return prove(case)
    except (Ambiguous, IllPosed, Undecided) as error:
        raise _NoProof(str(error)) from None
    except Exception as error:
        raise _Refusal(
            f"{case.id} ({case.comment}) cannot be computed in balls: {error_report(error)}; {_ALLOWED}"
        ) from error
