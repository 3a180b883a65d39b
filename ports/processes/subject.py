"""A port that is run one test at a time: in child processes where a text names it, else in this process."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from momoracle.ports.adapters.loading import PortError, PortSpec, parse, plain_factory, torch_factory
from momoracle.ports.behaviours.table import carry_out
from momoracle.ports.processes.check_behaviours import PROCESSES, TWICE, agreed
from momoracle.ports.processes.child import Answer, Job, Note, Question, run, text_of
from momoracle.ports.processes.process import Child, Outcome
from momoracle.ports.protocol import NotOffered


class Subject(Protocol):
    """Runs vectors and checks of behaviours on one port; all raise `PortError` where it cannot be loaded."""

    spec: PortSpec

    def load(self, dtype: str) -> None:
        """Load the port, as it is for vectors of ``dtype``."""

    def run(self, job: Job, dtype: str) -> Outcome:
        """Run one vector."""

    def ask(self, behaviour: str) -> Answer:
        """Carry out one check of a behaviour."""

    def end(self) -> None:
        """End the processes, if there are any; what comes later starts others."""


def subject(algorithm: str, port: Any, time_limit: float) -> Subject:
    """Return the port that a PORT text names, or that a factory makes: a class of the protocol, or torch's."""
    return InProcesses(algorithm, parse(port), time_limit) if isinstance(port, str) else Here(algorithm, port)


class InProcesses:
    """One process a dtype, and two for behaviours, each started when it is first needed."""

    def __init__(self, algorithm: str, spec: PortSpec, time_limit: float) -> None:
        self.spec = spec
        self._algorithm, self._time_limit = algorithm, time_limit
        self._children: dict[str, Child] = {}
        self._error: PortError | None = None

    def load(self, dtype: str) -> None:
        """Start the process of a dtype, which goes on to run its vectors."""
        self._loaded(lambda: self._child(dtype, dtype).load())

    def run(self, job: Job, dtype: str) -> Outcome:
        """Run one vector in the process of its dtype."""
        outcome: Outcome = self._loaded(lambda: self._child(dtype, dtype).run(job))
        return outcome

    def ask(self, behaviour: str) -> Answer:
        """Carry out one check; whether two processes agree is asked of two."""
        count = PROCESSES if behaviour == TWICE else 1
        answers = [self._loaded(partial(self._ask, f"behaviours {i}", behaviour)) for i in range(count)]
        return agreed(answers) if behaviour == TWICE else answers[0]

    def end(self) -> None:
        """End the processes."""
        while self._children:
            _, child = self._children.popitem()
            child.__exit__()

    def _ask(self, name: str, behaviour: str) -> Answer:
        return self._child(name, "float32").ask(Question(behaviour))

    def _child(self, name: str, dtype: str) -> Child:
        if name not in self._children:
            self._children[name] = Child(self.spec, self._algorithm, dtype, time_limit=self._time_limit)
        return self._children[name]

    def _loaded(self, request: Callable[[], Any]) -> Any:
        if self._error is not None:  # one attempt is enough, for it takes seconds
            raise self._error
        try:
            return request()
        except PortError as error:
            self._error = error
            raise


class Here:
    """A factory's ports, in this process: an error of theirs is caught, but nothing ends one that hangs."""

    def __init__(self, algorithm: str, factory: Any) -> None:
        name = getattr(factory, "__qualname__", type(factory).__name__)
        torch = sys.modules.get("torch")  # where it has not been imported, this is none of its classes
        is_torch = torch is not None and isinstance(factory, type) and issubclass(factory, torch.optim.Optimizer)
        self.spec = PortSpec(name, "torch" if is_torch else "", getattr(factory, "__module__", ""), name)
        self._algorithm = algorithm
        made = torch_factory if is_torch else plain_factory
        self._factory = made(self.spec, factory, algorithm, "float64")

    def load(self, dtype: str) -> None:
        """Do nothing: the factory is here."""

    def run(self, job: Job, dtype: str) -> Outcome:
        """Run one vector."""
        outcome, at = Outcome(), [0]
        try:
            for message in run(self._factory(), self._algorithm, job, at):
                outcome.add(message)
        except NotOffered as error:
            outcome.missing = error.feature
        except Exception as error:
            outcome.add(Note("exception", at[0], text_of(error), fatal=True))
        return outcome

    def ask(self, behaviour: str) -> Answer:
        """Carry out one check."""
        try:
            return carry_out(behaviour, self.spec, self._factory, self._algorithm)
        except Exception as error:
            return Answer("broken", text_of(error))

    def end(self) -> None:
        """Leave all as it is."""
