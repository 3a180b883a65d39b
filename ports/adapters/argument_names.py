"""Names of arguments: from momoracle's hyperparameters to what a port calls them."""

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from momoracle.ports.methods.registry import facts_of
from momoracle.ports.protocol import NotOffered

# In the order of preference, should a port have two of them.
ALIASES: dict[str, tuple[str, ...]] = {
    "lr": ("lr", "learning_rate", "step_size"),
    "beta": ("beta", "momentum", "beta1", "beta_1", "b1"),
    "beta1": ("beta1", "beta_1", "b1"),
    "beta2": ("beta2", "beta_2", "b2"),
    "gamma": ("gamma", "decay_rate"),
    "eps": ("eps", "epsilon"),
    "lower_bound": ("lower_bound", "lb", "f_star", "fstar"),
    "estimate_lower_bound": ("estimate_lower_bound", "adapt_lower_bound", "use_fstar"),
}
NEGATED = {"decoupled_decay": "divide"}  # momo-opt: divide=False is the AdamW-like decay
PACKED = {"betas": ("beta1", "beta2")}


def match(
    algorithm: str, hyperparameters: Mapping[str, Any], accepted: Collection[str], *, others: bool = False
) -> dict[str, Any]:
    """Return the keyword arguments for a port that has the arguments ``accepted``.

    Where the vector says nothing the paper's default is passed, never left to the port's own. A framework's switch is
    set wherever the port has it, for there its own default may be another method: `torch.optim.Adam` and AdamW are
    one function with two values of ``decoupled_weight_decay``. A hyperparameter that the port has no argument for is
    left out where it has the paper's default; else `NotOffered` is raised. With ``others`` (the port takes
    ``**hyperparameters``) it is passed under momoracle's name instead.
    """
    facts = facts_of(algorithm)
    arguments: dict[str, Any] = {name: value for name, value in facts.switches.items() if name in accepted}
    packed: dict[str, float] = {}
    for name, value in {**facts.defaults, **hyperparameters}.items():
        alias = next((alias for alias in ALIASES.get(name, (name,)) if alias in accepted), None)
        if alias is not None:
            arguments[alias] = value
        elif NEGATED.get(name) in accepted:
            arguments[NEGATED[name]] = not value
        elif any(name in members and pack in accepted for pack, members in PACKED.items()):
            packed[name] = value
        elif others:
            arguments.update({name: value} if name in hyperparameters else {})
        elif name not in facts.defaults or value != facts.defaults[name]:
            raise NotOffered(name)
    for pack, members in PACKED.items():
        if packed:
            arguments[pack] = tuple(packed[member] for member in members)
    return arguments


def arguments_of(function: Callable[..., Any]) -> tuple[frozenset[str], bool]:
    """Return the names that ``function`` takes as keywords, and whether it takes any others too."""
    parameters = inspect.signature(function).parameters.values()
    keywords = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    named = frozenset(parameter.name for parameter in parameters if parameter.kind in keywords)
    return named, any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
