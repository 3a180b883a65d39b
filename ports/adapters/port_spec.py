"""A PORT of the command line, taken apart once: adapter, source, name, and what the user says of its arguments."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from momoracle.common.nearest import did_you_mean
from momoracle.common.user_code import Target, TargetError, parse_target

Setting: TypeAlias = bool | int | float | str

FORMS = "FILE.py:NAME, MODULE:NAME, torch=MODULE:CLASS, optax=MODULE:FUNCTION or keras=MODULE:CLASS"
ADAPTERS = ("torch", "optax", "keras")


class PortError(ValueError):
    """The port cannot be checked: the argument is wrong, or what it names cannot be loaded.

    >>> raise PortError("there is no file 'my_port.py'; give its path from the current folder")
    Traceback (most recent call last):
    ...
    momoracle.ports.adapters.port_spec.PortError: there is no file 'my_port.py'; give its path from the current folder
    """


@dataclass(frozen=True)
class PortSpec:
    """A PORT taken apart; it can be pickled, and every process that loads the port gets it.

    Attributes:
        text: the PORT as the user wrote it.
        adapter: the framework, or an empty string for a class of the protocol.
        source: a module's name, or a Python file.
        name: what the port is called in the source.
        settings: ``(argument, value)``: what is passed to arguments of the port's own.
        names: ``(hyperparameter, argument)``: what the port calls a hyperparameter.
    """

    text: str
    adapter: str
    source: str
    name: str
    settings: tuple[tuple[str, Setting], ...] = ()
    names: tuple[tuple[str, str], ...] = ()

    @property
    def target(self) -> Target:
        """The source and the name in it, to be loaded."""
        return Target(self.source, self.name)

    @property
    def is_file(self) -> bool:
        """Whether ``source`` is a Python file rather than the name of a module."""
        return self.target.is_file


def parse_port(
    port: str, settings: Mapping[str, Setting] | None = None, names: Mapping[str, str] | None = None
) -> PortSpec:
    """Take ``port`` apart without importing anything.

    Args:
        port: what the command line takes as PORT.
        settings: values for arguments of the port's own, by argument.
        names: what the port calls a hyperparameter, by hyperparameter.

    Raises:
        PortError: the text has another form, or its file is not there.

    >>> parse_port("torch=torch.optim:SGD", {"nesterov": True}).settings
    (('nesterov', True),)
    """
    adapter, equals, rest = port.partition("=")
    if not equals or not adapter.isidentifier():
        adapter, rest = "", port
    elif adapter not in ADAPTERS:
        near = did_you_mean(adapter, ADAPTERS)
        raise PortError(f"PORT={port!r}: there is no adapter {adapter!r}; write {FORMS}{near}")
    source, _, name = rest.rpartition(":")
    if not source or not all(part.isidentifier() for part in name.split(".")):
        raise PortError(f"PORT={port!r}: expected {FORMS}; put a colon and the name after the file or module")
    try:
        target = parse_target(rest)
    except TargetError as error:
        raise PortError(f"PORT={port!r}: {error}") from None
    return PortSpec(
        port, adapter, target.source, target.name, tuple((settings or {}).items()), tuple((names or {}).items())
    )


def parse_settings(texts: Iterable[str]) -> dict[str, Setting]:
    """Return what ``NAME=VALUE`` texts set; raises `PortError` for another form, or where a name comes twice.

    ``true`` and ``false`` are switches, what Python reads as a number is one, and everything else is text.

    >>> parse_settings(["nesterov=true", "eps=1e-3", "rounds=2", "mode=max"])
    {'nesterov': True, 'eps': 0.001, 'rounds': 2, 'mode': 'max'}
    """
    return {name: _value(text) for name, text in _pairs(texts, "--set", "NAME=VALUE").items()}


def parse_names(texts: Iterable[str]) -> dict[str, str]:
    """Return what ``HYPERPARAMETER=ARGUMENT`` texts name; raises `PortError` for another form.

    >>> parse_names(["beta=decay"])
    {'beta': 'decay'}
    """
    names = _pairs(texts, "--name", "HYPERPARAMETER=ARGUMENT")
    wrong = next((argument for argument in names.values() if not argument.isidentifier()), None)
    if wrong is not None:
        raise PortError(f"--name: {wrong!r} is no argument's name; write --name HYPERPARAMETER=ARGUMENT")
    return names


def _pairs(texts: Iterable[str], option: str, form: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise PortError(f"{option} {text!r}: expected {option} {form}")
        if name in pairs:
            raise PortError(f"{option} {text!r}: {name} is there twice; give it once")
        pairs[name] = value
    return pairs


def _value(text: str) -> Setting:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text
