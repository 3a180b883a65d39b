"""Names of arguments: from momoracle's hyperparameters to what a port calls them, and the paper's defaults."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(frozen=True)
class Method:
    """An algorithm's hyperparameters with the paper's defaults, and the switches by which ports choose its form.

    A ``switch`` is set wherever a port has an argument of that name, for there its own default may be another method:
    `torch.optim.Adam` and AdamW are one function with two values of ``decoupled_weight_decay``.
    """

    defaults: dict[str, float | bool]
    switches: dict[str, float | bool] = field(default_factory=dict)


_COUPLED = {"weight_decouple": False, "decoupled_weight_decay": False, "fixed_decay": False}
_DECOUPLED = {"weight_decouple": True, "decoupled_weight_decay": True, "fixed_decay": False}
_SGD = {"nesterov": False, "dampening": 0.0, "maximize": False}
_ADAM = {"amsgrad": False, "nesterov": False, "eps_root": 0.0, "maximize": False}
_MOMENTS = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
_TORQUE = {"gamma": 0.9, "per_tensor": True, "averaged_momentum": False, "bias_correction": False}
_ADATAM = {**_MOMENTS, **_TORQUE}

# The learning rate has no entry: every vector prescribes it, so a port without one can be told nothing.
METHODS: dict[str, Method] = {
    "sgd": Method({"weight_decay": 0.0}, {"momentum": 0.0, **_SGD, **_COUPLED}),
    "sgdm": Method({"beta": 0.9, "weight_decay": 0.0}, {**_SGD, **_COUPLED}),
    "adam": Method({**_MOMENTS, "weight_decay": 0.0}, {**_ADAM, **_COUPLED}),
    "adamw": Method({**_MOMENTS, "weight_decay": 0.01}, {**_ADAM, **_DECOUPLED}),
    "momo": Method(
        {
            "beta": 0.9,
            "lower_bound": 0.0,
            "weight_decay": 0.0,
            "bias_correction": False,
            "estimate_lower_bound": False,
        }
    ),
    "momo-adam": Method(
        {
            **_MOMENTS,
            "lower_bound": 0.0,
            "weight_decay": 0.0,
            "estimate_lower_bound": False,
            "decoupled_decay": False,
        }
    ),
    "tam": Method(
        {"beta": 0.9, "eps": 1e-8, **_TORQUE, "weight_decay": 0.0},
        {"maximize": False, **_COUPLED},
    ),
    "adatam": Method(_ADATAM, {"weight_decay": 0.0, "maximize": False}),
    "adatamw": Method({**_ADATAM, "weight_decay": 0.01}, {"maximize": False, **_DECOUPLED}),
}


def match(
    algorithm: str, hyperparameters: Mapping[str, Any], accepted: Collection[str], *, others: bool = False
) -> dict[str, Any]:
    """Return the keyword arguments for a port that has the arguments ``accepted``.

    Where the vector says nothing the paper's default is passed, never left to the port's own. A hyperparameter that
    the port has no argument for is left out where it has the paper's default; else `NotOffered` is raised. With
    ``others`` (the port takes ``**hyperparameters``) it is passed under momoracle's name instead.
    """
    method = METHODS[algorithm]
    arguments: dict[str, Any] = {name: value for name, value in method.switches.items() if name in accepted}
    packed: dict[str, float] = {}
    for name, value in {**method.defaults, **hyperparameters}.items():
        alias = next((alias for alias in ALIASES.get(name, (name,)) if alias in accepted), None)
        if alias is not None:
            arguments[alias] = value
        elif NEGATED.get(name) in accepted:
            arguments[NEGATED[name]] = not value
        elif any(name in members and pack in accepted for pack, members in PACKED.items()):
            packed[name] = value
        elif others:
            arguments.update({name: value} if name in hyperparameters else {})
        elif name not in method.defaults or value != method.defaults[name]:
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
