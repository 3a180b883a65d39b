"""One pytest test for each golden vector and each behaviour of a port, in the port's own repository.

    from momoracle.ports.pytest_plugin import conformance_suite

    test_momo = conformance_suite("momo", "my_package.momo:Port", known_failures="known_failures.txt")

Nothing is registered and nothing is global: what comes back is a parametrized test function, whose name is the one that
it is assigned to.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest

from momoracle.ports.adapters.port_spec import PortError, Setting
from momoracle.ports.behaviours.table import CHECKS, Check
from momoracle.ports.known_failures import KnownFailure, read
from momoracle.ports.output.terminal import place
from momoracle.ports.processes.check_behaviours import ask_behaviour
from momoracle.ports.processes.local_session import LocalSession
from momoracle.ports.processes.session import Session, open_session
from momoracle.ports.protocol import Port
from momoracle.ports.running.compare import result_of
from momoracle.ports.running.messages import job_of
from momoracle.ports.running.report import Deviation, Number, VectorResult
from momoracle.reference.golden import vectors_of
from momoracle.reference.golden.vectors import GoldenVector, VectorFile

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
    settings: Mapping[str, Setting] | None = None,
    names: Mapping[str, str] | None = None,
) -> Callable[..., None]:
    """Return a test function with one test a golden vector and one a behaviour, under their ids.

    Args:
        algorithm: an ALGORITHM of the command line.
        port: a PORT of the command line, which is run in child processes; or a factory, which is run in this one: a
            class of the protocol, a function that returns a port, or a class of `torch.optim.Optimizer`.
        known_failures: a file of lines ``id | reason | link``, its path from the folder of the calling file. A test
            that it names is expected to fail; one that passes, or is not there, is an error until its line is removed.
        time_limit: seconds of processor time that one test of a port in a child process may take.
        settings: values for arguments of the port's own, as ``--set`` of the command line.
        names: hyperparameter -> what the port calls it, as ``--name``.

    A test is skipped where the port does not offer the feature, where a behaviour means nothing for it, or where the
    machine was too busy to run it: that says nothing about the port.

    Raises:
        AlgorithmError: there is no such ``algorithm``.
        PortError: ``port`` is wrong, or the port cannot be loaded: one error of the collection then, not one of each
            test.
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
    >>> len(mark.args[1]) == len(vectors_of("sgd").vectors) + len(CHECKS)
    True
    """
    __tracebackhide__ = True  # what is wrong is the call
    session = _open(algorithm, port, time_limit, settings, names)
    caller = inspect.stack()[1].filename
    known = {} if known_failures is None else read(Path(caller).parent / known_failures)
    content = vectors_of(algorithm)
    _load(session, content)
    tests = _tests(session, content)
    tests |= {name: partial(_no_such_test, algorithm, name) for name in known if name not in tests}

    @pytest.mark.parametrize("conformance", list(tests))
    def test(conformance: str, request: pytest.FixtureRequest) -> None:
        tests[conformance](known.get(conformance), request)

    return test


def _open(
    algorithm: str,
    port: str | Callable[[], Port] | type,
    time_limit: float,
    settings: Mapping[str, Setting] | None,
    names: Mapping[str, str] | None,
) -> Session:
    __tracebackhide__ = True
    if isinstance(port, str):
        return open_session(algorithm, port, time_limit=time_limit, settings=settings, names=names)
    return LocalSession(algorithm, port, settings, names)


def _load(session: Session, content: VectorFile) -> None:
    __tracebackhide__ = True
    try:
        session.load(content.vectors[0].dtype)
    except PortError as error:
        raise PortError(str(error)) from None  # without the way that it came


def _tests(session: Session, content: VectorFile) -> dict[str, Test]:
    failures: dict[str, Callable[[], str]] = {v.id: partial(_vector, session, content, v) for v in content.vectors}
    failures |= {check.id: partial(_behaviour, session, check) for check in CHECKS}
    return {name: partial(_run, failure_of, session) for name, failure_of in failures.items()}


def _run(
    failure_of: Callable[[], str], session: Session, known: KnownFailure | None, request: pytest.FixtureRequest
) -> None:
    module = request.node.getparent(pytest.Module)
    (module or request.session).addfinalizer(session.end)
    try:
        failure = failure_of()
    except _NotRun as reason:
        if known is not None and not isinstance(reason, _Undecided):
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


class _Undecided(_NotRun):
    """The machine was too busy to run the test."""


def _vector(session: Session, content: VectorFile, vector: GoldenVector) -> str:
    """Return what is wrong, or an empty string."""
    outcome = session.run(job_of(vector), vector.dtype)
    if outcome.has("hang", "not_run"):  # perhaps for the load: once more, in a fresh process
        outcome = session.run(job_of(vector), vector.dtype)
    result = result_of(vector, content, outcome)
    if result.status == "not_offered":
        raise _NotRun(f"not offered: {result.feature}" + (f" ({result.reason})" if result.reason else ""))
    if result.status == "not_run":
        raise _Undecided(f"undecided: {result.incidents[0].message}")
    return "" if result.status == "agrees" else "\n".join([_title(session, vector, result), *_lines(result)])


def _title(session: Session, vector: GoldenVector, result: VectorResult) -> str:
    beside = "" if result.kind == "core" else f" ({result.kind}: beside the verdict)"
    verb = "fails" if result.status == "crashes" else "deviates"
    return f"{session.spec.text} {verb} on {vector.id}: {vector.comment}{beside}"


def _lines(result: VectorResult) -> list[str]:
    first = result.deviation
    lines = [line for deviation in (first, first and first.then) if deviation for line in _deviation_lines(deviation)]
    for incident in result.incidents:
        where = f"step {incident.step}" if incident.step else "start"
        lines.append(f"  {where}: {incident.kind.replace('_', ' ')}: {incident.message}")
    return lines


def _deviation_lines(deviation: Deviation) -> list[str]:
    lines = [
        f"  step {deviation.step}, {deviation.quantity}, {place(deviation)}: {deviation.equation}",
        f"    observed  {_digits(deviation.observed)}",
        f"    expected  {_digits(deviation.expected)}",
    ]
    if isinstance(deviation.observed, str):  # shapes
        return lines
    return [*lines, f"    error     {deviation.error:.3g}", f"    tolerance {deviation.tolerance:.3g}"]


def _digits(value: Number) -> str:
    return value if isinstance(value, str) else repr(value)  # all of them: two may differ in the last alone


def _behaviour(session: Session, check: Check) -> str:
    """Return what is wrong, or an empty string."""
    reason = check.why_not(session.spec.adapter, session.algorithm)
    if reason:
        raise _NotRun(f"not applicable: {reason}")
    answer = ask_behaviour(session, check.id)
    if answer.outcome == "not_run":
        raise _Undecided(f"undecided: {answer.evidence}")
    if answer.outcome in ("not_offered", "not_applicable"):
        raise _NotRun(f"{answer.outcome.replace('_', ' ')}: {answer.evidence}")
    if answer.outcome == "holds":
        return ""
    return f"{session.spec.text} breaks {check.id}: {check.policy_for(session.algorithm)}\n  {answer.evidence}"
