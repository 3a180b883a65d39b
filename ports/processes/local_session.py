"""A session on a factory's ports in this process, for the pytest suite: nothing ends a port that hangs."""

import sys
from collections.abc import Mapping
from typing import Any

from momoracle.common.user_code import error_report
from momoracle.ports.adapters.loading import make_plain_factory, make_torch_factory
from momoracle.ports.adapters.port_arguments import own_arguments, start_arguments
from momoracle.ports.adapters.port_spec import PortSpec, Setting
from momoracle.ports.behaviours.table import carry_out
from momoracle.ports.protocol import NotOffered
from momoracle.ports.running.messages import Answer, Incident, Job, Outcome
from momoracle.ports.running.run_vector import missing_of, run_vector
from momoracle.reference.frame.registry import method_of


class LocalSession:
    """Runs vectors and checks of behaviours on what a factory makes; an error of theirs is caught.

    Args:
        algorithm: a method's name, or ``FILE.py:CLASS``.
        factory: a class of the protocol, a function that returns a port, or a class of `torch.optim.Optimizer`.
        settings: values for arguments of the port's own.
        names: hyperparameter -> what the port calls it.

    Raises:
        AlgorithmError: there is no such algorithm.
        PortError: the factory makes no port, or ``settings`` or ``names`` do not fit it.
    """

    def __init__(
        self,
        algorithm: str,
        factory: Any,
        settings: Mapping[str, Setting] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        method_of(algorithm)
        name = getattr(factory, "__qualname__", type(factory).__name__)
        torch = sys.modules.get("torch")  # where it has not been imported, this is none of its classes
        is_torch = torch is not None and isinstance(factory, type) and issubclass(factory, torch.optim.Optimizer)
        adapter, source = "torch" if is_torch else "", getattr(factory, "__module__", "")
        self.spec = PortSpec(name, adapter, source, name, tuple((settings or {}).items()), tuple((names or {}).items()))
        self.algorithm = algorithm
        make = make_torch_factory if is_torch else make_plain_factory
        self._factory = make(self.spec, factory, algorithm, "float64")
        port: Any = self._factory()
        own_arguments(self.spec, algorithm).check(port.matched if is_torch else port.start)

    def load(self, dtype: str) -> None:
        """Do nothing: the factory is here."""

    def run(self, job: Job, dtype: str) -> Outcome:
        """Run one vector."""
        outcome, at = Outcome(), [0]
        try:
            for message in run_vector(self._factory(), start_arguments(self.spec, self.algorithm), job, at):
                outcome.add(message)
        except NotOffered as error:
            outcome.add(missing_of(error))
        except Exception as error:
            outcome.add(Incident("exception", at[0], error_report(error, in_libraries=True), fatal=True))
        return outcome

    def ask(self, behaviour: str, place: int = 0) -> Answer:
        """Carry out one check."""
        try:
            return carry_out(behaviour, self.spec, self._factory, self.algorithm)
        except Exception as error:
            return Answer("broken", error_report(error, in_libraries=True))

    def end(self) -> None:
        """Leave all as it is."""
