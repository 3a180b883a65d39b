"""One pytest test for each golden vector and each behaviour of a port, in the port's own repository.

    from momoracle.ports.pytest_plugin import conformance_suite

    test_momo = conformance_suite("momo", "my_package.momo:Port", known_failures="known_failures.txt")

Nothing is registered and nothing is global: what comes back is a parametrized test function, whose name is the one that
it is assigned to.
"""

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest

from momoracle.ports.adapters.loading import PortError, check_algorithm
from momoracle.ports.behaviours.table import CHECKS, Check
from momoracle.ports.known_failures import KnownFailure, read
from momoracle.ports.output.terminal import place
from momoracle.ports.processes.check_vectors import job_of, result_of
from momoracle.ports.processes.subject import Subject, subject
from momoracle.ports.protocol import Port
from momoracle.ports.running.report import Deviation, Number, VectorResult
from momoracle.reference.golden import files
from momoracle.reference.golden.vectors import Vector, VectorFile

__all__ = [
    "conformance_suite",
]

Test: TypeAlias = Callable[[KnownFailure | None, pytest.FixtureRequest], None]


def conformance_suite(
    algorithm: str,
    port: str | Callable[[], Port] | type,
    *,
    known_failures: str | Path | None = None,
    time_limit: float = 10.0,
) -> Callable[..., None]:
    """Return a test function with one test a golden vector and one a behaviour, under their ids.

    Args:
        algorithm: one of those of the command line.
        port: a PORT of the command line, which is run in child processes; or a factory, which is run in this one: a
            class of the protocol, a function that returns a port, or a class of `torch.optim.Optimizer`.
        known_failures: a file of lines ``id | reason | link``, its path from the folder of the calling file. A test
            that it names is expected to fail; one that passes, or is not there, is an error until its line is removed.
        time_limit: seconds that one test of a port in a child process may take.

    A test is skipped where the port does not offer the feature, or where a behaviour means nothing for it.

    Raises:
        PortError: ``algorithm`` or ``port`` is wrong, or the port cannot be loaded: one error of the collection then,
            not one of each test.
        KnownFailuresError: the file is missing or malformed.
        FileNotFoundError: the vectors are not installed.

    >>> class Descent:
    ...     def start(self, params, lr):
    ...         self.params, self.lr = params, lr
    ...     def step(self, grads, loss):
    ...         self.params = [x - self.lr * g for x, g in zip(self.params, grads)]
    ...         return self.params
    >>> test_descent = conformance_suite("sgd", Descent)
    >>> (mark,) = test_descent.pytestmark
    >>> len(mark.args[1]) == len(files.load("sgd").vectors) + len(CHECKS)
    True
    """
    __tracebackhide__ = True  # what is wrong is the call
    check_algorithm(algorithm)
    caller = inspect.stack()[1].filename
    known = {} if known_failures is None else read(Path(caller).parent / known_failures)
    content = files.load(algorithm)
    tests = _tests(algorithm, _loaded(algorithm, port, time_limit, content), content)
    tests |= {name: partial(_no_such_test, algorithm, name) for name in known if name not in tests}

    @pytest.mark.parametrize("conformance", list(tests))
    def test(conformance: str, request: pytest.FixtureRequest) -> None:
        tests[conformance](known.get(conformance), request)

    return test


def _loaded(algorithm: str, port: str | Callable[[], Port] | type, time_limit: float, content: VectorFile) -> Subject:
    __tracebackhide__ = True
    try:
        made = subject(algorithm, port, time_limit)
        made.load(content.vectors[0].dtype)
    except PortError as error:
        raise PortError(str(error)) from None  # without the way that it came
    return made


def _tests(algorithm: str, port: Subject, content: VectorFile) -> dict[str, Test]:
    tests: dict[str, Test] = {v.id: partial(_run, partial(_vector, port, content, v), port) for v in content.vectors}
    for check in CHECKS:
        tests[check.id] = partial(_run, partial(_behaviour, port, algorithm, check), port)
    return tests


def _run(
    failure_of: Callable[[], str], port: Subject, known: KnownFailure | None, request: pytest.FixtureRequest
) -> None:
    module = request.node.getparent(pytest.Module)
    (module or request.session).addfinalizer(port.end)
    try:
        failure = failure_of()
    except _NotRun as reason:
        if known is not None:
            pytest.fail(f"{known.place}: {known.id} cannot fail: {reason}; remove the line", pytrace=False)
        pytest.skip(str(reason))
    if failure and known is not None:
        pytest.xfail(f"{known.reason} ({known.link})")
    if failure:
        pytest.fail(failure, pytrace=False)
    if known is not None:
        pytest.fail(f"{known.place}: {known.id} passes now; remove the line", pytrace=False)


def _no_such_test(algorithm: str, name: str, known: KnownFailure | None, request: pytest.FixtureRequest) -> None:
    assert known is not None
    what = f"{algorithm} has no vector or behaviour {name!r}"
    pytest.fail(f"{known.place}: {what}; remove the line, or correct its id", pytrace=False)


class _NotRun(Exception):  # noqa: N818 - a reason, not an error
    """The test means nothing for this port; the message says why."""


def _vector(port: Subject, content: VectorFile, vector: Vector) -> str:
    """Return what is wrong, or an empty string."""
    result = result_of(vector, content, port.run(job_of(vector), vector.dtype))
    if result.status == "not_offered":
        raise _NotRun(f"not offered: {result.feature}")
    return "" if result.status == "agrees" else "\n".join([_title(port, vector, result), *_lines(result)])


def _title(port: Subject, vector: Vector, result: VectorResult) -> str:
    beside = "" if result.kind == "core" else f" ({result.kind}: beside the verdict)"
    verb = "fails" if result.status == "crashes" else "deviates"
    return f"{port.spec.text} {verb} on {vector.id}: {vector.comment}{beside}"


def _lines(result: VectorResult) -> list[str]:
    first = result.deviation
    lines = [line for one in (first, first and first.then) if one is not None for line in _told(one)]
    for note in result.incidents:
        where = f"step {note.step}" if note.step else "start"
        lines.append(f"  {where}: {note.kind.replace('_', ' ')}: {note.message}")
    return lines


def _told(one: Deviation) -> list[str]:
    lines = [
        f"  step {one.step}, {one.quantity}, {place(one)}: {one.equation}",
        f"    observed  {_digits(one.observed)}",
        f"    expected  {_digits(one.expected)}",
    ]
    if isinstance(one.observed, str):  # shapes
        return lines
    return [*lines, f"    error     {one.error:.3g}", f"    tolerance {one.tolerance:.3g}"]


def _digits(value: Number) -> str:
    return value if isinstance(value, str) else repr(value)  # all of them: two may differ in the last alone


def _behaviour(port: Subject, algorithm: str, check: Check) -> str:
    """Return what is wrong, or an empty string."""
    reason = check.why_not(port.spec.adapter, algorithm)
    if reason:
        raise _NotRun(f"not applicable: {reason}")
    answer = port.ask(check.id)
    if answer.outcome in ("not_offered", "not_applicable"):
        raise _NotRun(f"{answer.outcome.replace('_', ' ')}: {answer.evidence}")
    if answer.outcome == "holds":
        return ""
    return f"{port.spec.text} breaks {check.id}: {check.policy_for(algorithm)}\n  {answer.evidence}"
