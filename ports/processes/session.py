"""One port under check: parsed once and loaded once a dtype, in processes that serve every part of the check."""

from collections.abc import Mapping
from types import TracebackType
from typing import Protocol

from momoracle.ports.adapters.port_spec import PortError, PortSpec, Setting, parse_port
from momoracle.ports.processes.process import Child, Limits
from momoracle.ports.running.findings import Unmatched
from momoracle.ports.running.messages import Answer, Job, Outcome, Question
from momoracle.reference.frame.registry import method_of

BEHAVIOUR_DTYPE = "float32"  # the frameworks' default, and what JAX and Keras are set up to for a whole process


class Session(Protocol):
    """Runs vectors and checks of behaviours on one port; all raise `PortError` where it cannot be loaded."""

    algorithm: str
    spec: PortSpec

    def load(self, dtype: str) -> None:
        """Load the port, as it is for vectors of ``dtype``."""

    def run(self, job: Job, dtype: str) -> Outcome:
        """Run one vector."""

    def ask(self, behaviour: str, place: int = 0) -> Answer:
        """Carry out one check of a behaviour, in the process that has this ``place``."""

    def end(self) -> None:
        """End the processes, if there are any; what comes later starts others."""


class PortSession:
    """A port in processes of its own, one a dtype, each started when it is first needed.

    They run vectors, resynchronised vectors, checks of behaviours and the cases of a search. Use it as a context
    manager. Two checks of behaviours can run side by side, in ``place`` 0 and 1. For a framework
    that is set up for one dtype in the whole process, the second of them has a process of its own, beside that of
    float32; every other port has one process a dtype and no more.

    Args:
        algorithm: a method's name, or ``FILE.py:CLASS``.
        spec: the port.
        time_limit: seconds of processor time that one vector, or one check of a behaviour, may take.

    Raises:
        AlgorithmError: there is no such algorithm.
    """

    def __init__(self, algorithm: str, spec: PortSpec, *, time_limit: float = 10.0) -> None:
        method_of(algorithm)
        self.algorithm = algorithm
        self.spec = spec
        self.limits = Limits.of(time_limit)
        self._children: dict[tuple[str, int], Child] = {}
        self._error: PortError | None = None

    def __enter__(self) -> "PortSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def load(self, dtype: str) -> None:
        """Start the process of a dtype, which loads the port. Raises `PortError` where that fails."""
        if self._error is not None:  # one attempt is enough, for it takes seconds
            raise self._error
        try:
            self.child(dtype).load()
        except PortError as error:
            self._error = error
            raise

    def run(self, job: Job, dtype: str, limits: Limits | None = None) -> Outcome:
        """Run one vector in the process of its dtype."""
        self.load(dtype)
        return self.child(dtype).run(job, limits)

    def ask(self, behaviour: str, place: int = 0) -> Answer:
        """Carry out one check of a behaviour, in one of two processes."""
        if self._error is not None:
            raise self._error
        return self.child(*self._of_behaviours(place)).ask(Question(behaviour))

    def child(self, dtype: str, number: int = 0) -> Child:
        """Return a process of a dtype, which starts when it is first asked something."""
        if (dtype, number) not in self._children:
            self._children[dtype, number] = Child(self.spec, self.algorithm, dtype, self.limits)
        return self._children[dtype, number]

    def renew(self, dtype: str) -> None:
        """End the process of a dtype, so that the next request has a fresh one."""
        self.child(dtype).stop()

    def load_for_behaviours(self, places: int) -> None:
        """Start the processes that check behaviours. Raises `PortError` where that fails."""
        for place in range(places):
            self.child(*self._of_behaviours(place)).load()

    def forgive(self) -> None:
        """Forget what was lost so far: what comes next is of another kind, and is not given up for it."""
        for child in self._children.values():
            child.forgive()

    def cancel(self) -> None:
        """End all processes, from another thread; requests that are under way are the last."""
        for child in list(self._children.values()):
            child.cancel()

    def end(self) -> None:
        """End all processes."""
        while self._children:
            _, child = self._children.popitem()
            child.stop()

    @property
    def versions(self) -> dict[str, str]:
        """The packages that the port uses, as far as it has been loaded."""
        return {name: version for child in self._children.values() for name, version in child.versions.items()}

    @property
    def unmatched(self) -> tuple[Unmatched, ...]:
        """The port's arguments to which no hyperparameter is passed."""
        return next((child.unmatched for child in self._children.values() if child.unmatched), ())

    @property
    def unnamed(self) -> tuple[str, ...]:
        """The method's switches that the port takes by ``**kwargs`` alone."""
        return next((child.unnamed for child in self._children.values() if child.unnamed), ())

    def _of_behaviours(self, place: int) -> tuple[str, int]:
        if not place:
            return BEHAVIOUR_DTYPE, 0
        return (BEHAVIOUR_DTYPE, 1) if self.spec.adapter in ("optax", "keras") else ("float64", 0)


def open_session(
    algorithm: str,
    port: str,
    *,
    time_limit: float = 10.0,
    settings: Mapping[str, Setting] | None = None,
    names: Mapping[str, str] | None = None,
) -> PortSession:
    """Return a session for a PORT of the command line; nothing is loaded yet.

    Raises:
        AlgorithmError: there is no such algorithm.
        PortError: the text is no PORT, or its file is not there.
    """
    method_of(algorithm)
    return PortSession(algorithm, parse_port(port, settings, names), time_limit=time_limit)
