"""Choose a port's arguments: the hyperparameters under its own names, and what the user sets beside them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from momoracle.common.nearest import did_you_mean
from momoracle.ports.adapters.argument_names import arguments_of, match
from momoracle.ports.adapters.port_spec import PortError, PortSpec, Setting
from momoracle.ports.methods.registry import facts_of


@dataclass(frozen=True)
class PortArguments:
    """How the hyperparameters of an algorithm become arguments of one port.

    Attributes:
        algorithm: the method that the port is checked against.
        settings: ``(argument, value)``: arguments of the port's own, from ``--set``.
        names: ``(hyperparameter, argument)``: what the port calls a hyperparameter, from ``--name``.
    """

    algorithm: str
    settings: tuple[tuple[str, Setting], ...] = ()
    names: tuple[tuple[str, str], ...] = ()

    def choose(
        self, hyperparameters: Mapping[str, Any], accepted: Collection[str], *, others: bool = False
    ) -> dict[str, Any]:
        """Return the keyword arguments for a port that has the arguments ``accepted``.

        With ``others`` the port takes arguments of any name too (``**kwargs``).

        Raises:
            NotOffered: the port has no argument for a hyperparameter that is not at the paper's default.

        >>> sgdm = PortArguments("sgdm", names=(("beta", "decay"),))
        >>> sgdm.choose({"lr": 0.1, "beta": 0.5}, {"lr", "decay"})
        {'decay': 0.5, 'lr': 0.1}
        """
        names = dict(self.names)
        # A hyperparameter that the user names is matched under momoracle's own name, which comes before every alias,
        # and is given the port's name afterwards. Arguments that the user sets are not there to be matched.
        free = set(accepted) - set(names.values()) - {name for name, _ in self.settings}
        chosen = match(self.algorithm, hyperparameters, free | set(names), others=others)
        renamed = {names.get(name, name): value for name, value in chosen.items()}
        return {**renamed, **dict(self.settings)}

    def check(self, function: Callable[..., Any]) -> None:
        """Raise `PortError` unless ``--set`` and ``--name`` fit the port whose arguments ``function`` has."""
        known = {"lr": 0.0, **facts_of(self.algorithm).defaults}
        for name, argument in self.names:
            if name not in known:
                what = f"{self.algorithm} has no hyperparameter {name!r}; it has {', '.join(known)}"
                raise PortError(f"--name {name}={argument}: {what}{did_you_mean(name, known)}")
        try:
            accepted, others = arguments_of(function)
        except (TypeError, ValueError):  # compiled code may hide its signature
            return
        wanted = [("--set", name) for name, _ in self.settings] + [("--name", name) for _, name in self.names]
        for option, argument in wanted:
            if not others and argument not in accepted:
                what = f"the port has no argument {argument!r}; it has {', '.join(sorted(accepted))}"
                raise PortError(f"{option}: {what}{did_you_mean(argument, accepted)}")
        passed = PortArguments(self.algorithm, names=self.names).choose(known, accepted, others=True)
        prescribed = set(passed) & set(accepted) - set(facts_of(self.algorithm).switches)
        for name, value in self.settings:
            if name in prescribed:
                raise PortError(
                    f"--set {name}={value}: the vectors prescribe this hyperparameter; --set is for arguments of the "
                    "port's own"
                )


def start_arguments(spec: PortSpec, algorithm: str) -> PortArguments:
    """Return how the arguments of ``start`` are chosen; that of an adapter takes the hyperparameters as they are."""
    return PortArguments(algorithm) if spec.adapter else own_arguments(spec, algorithm)


def own_arguments(spec: PortSpec, algorithm: str) -> PortArguments:
    """Return how the arguments of the port itself are chosen, with what the user says of them."""
    return PortArguments(algorithm, spec.settings, spec.names)
