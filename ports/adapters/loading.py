"""From the command line's PORT to a factory of ports."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from momoracle.common.nearest import did_you_mean
from momoracle.ports.protocol import Port
from momoracle.reference.registry import AlgorithmError, method_of

Factory: TypeAlias = Callable[[], Port]

FORMS = "FILE.py:NAME, MODULE:NAME, torch=MODULE:CLASS, optax=MODULE:FUNCTION or keras=MODULE:CLASS"
ADAPTERS = ("torch", "optax", "keras")


class PortError(ValueError):
    """The port cannot be checked: the argument is wrong, or what it names cannot be loaded.

    >>> raise PortError("there is no file 'my_port.py'; give its path from the current folder")
    Traceback (most recent call last):
    ...
    momoracle.ports.adapters.loading.PortError: there is no file 'my_port.py'; give its path from the current folder
    """


@dataclass(frozen=True)
class PortSpec:
    """A PORT taken apart: ``adapter`` is empty for a class of the protocol, ``source`` a module's name or a file."""

    text: str
    adapter: str
    source: str
    name: str

    @property
    def is_file(self) -> bool:
        """Whether ``source`` is a Python file rather than the name of a module."""
        return self.source.endswith(".py")


def parse(port: str) -> PortSpec:
    """Take ``port`` apart without importing anything; raises `PortError`."""
    adapter, equals, rest = port.partition("=")
    if not equals or not adapter.isidentifier():
        adapter, rest = "", port
    elif adapter not in ADAPTERS:
        raise PortError(
            f"PORT={port!r}: there is no adapter {adapter!r}; write {FORMS}{did_you_mean(adapter, ADAPTERS)}"
        )
    source, _, name = rest.rpartition(":")
    if not source or not all(part.isidentifier() for part in name.split(".")):
        raise PortError(f"PORT={port!r}: expected {FORMS}; put a colon and the name after the file or module")
    spec = PortSpec(port, adapter, source, name)
    if spec.is_file and not Path(source).is_file():
        raise PortError(f"PORT={port!r}: there is no file {source!r}; give its path from the current folder")
    if not spec.is_file and not all(part.isidentifier() for part in source.split(".")):
        raise PortError(f"PORT={port!r}: {source!r} is no module's name; a file must end in .py")
    return spec


def check_algorithm(algorithm: str) -> None:
    """Raise `PortError` unless ``algorithm`` is a method's name, or names a class of one."""
    try:
        method_of(algorithm)
    except AlgorithmError as error:
        raise PortError(str(error)) from None


def load(spec: PortSpec, algorithm: str, dtype: str) -> Factory:
    """Import what ``spec`` names and return a factory of ports; raises `PortError`.

    It also sets the framework up for vectors of ``dtype`` (JAX's x64 mode, Keras' floatx), which holds for the whole
    process: call it in one that runs vectors of one dtype only.
    """
    check_algorithm(algorithm)
    if spec.adapter == "keras":
        from momoracle.ports.adapters.keras_port import choose_backend

        choose_backend()
    target = _find(spec)
    try:
        return {"": plain_factory, "torch": torch_factory, "optax": _optax, "keras": _keras}[spec.adapter](
            spec, target, algorithm, dtype
        )
    except ImportError as error:
        raise PortError(f"PORT={spec.text!r}: {error}; install momoracle with its extra `ports`") from error


def _find(spec: PortSpec) -> Any:
    if os.getcwd() not in sys.path:  # a console script does not look there by itself
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = _import_file(Path(spec.source)) if spec.is_file else importlib.import_module(spec.source)
    except Exception as error:
        raise PortError(
            f"PORT={spec.text!r}: importing {spec.source!r} failed with {type(error).__name__}: {error}; "
            "mend or install it so that Python can import it"
        ) from error
    for part in spec.name.split("."):
        if not hasattr(found, part):
            near = did_you_mean(part, [name for name in dir(found) if not name.startswith("_")])
            what = f"{spec.source!r} has no {spec.name!r}; check the name after the colon{near}"
            raise PortError(f"PORT={spec.text!r}: {what}")
        found = getattr(found, part)
    return found


def _import_file(path: Path) -> Any:
    sys.path.insert(0, str(path.parent.resolve()))  # so that it finds the files beside it
    location = importlib.util.spec_from_file_location(f"port_{path.stem}", path)
    if location is None or location.loader is None:
        raise ImportError(f"{path.name} cannot be read as Python")
    module = importlib.util.module_from_spec(location)
    sys.modules[location.name] = module
    location.loader.exec_module(module)
    return module


def plain_factory(spec: PortSpec, target: Any, algorithm: str, dtype: str) -> Factory:
    """Return ``target`` where it gives ports when it is called; raises `PortError`."""
    hint = "for an optimizer of a framework, write " + " or ".join(f"{a}={spec.source}:{spec.name}" for a in ADAPTERS)
    if not callable(target):
        raise PortError(f"PORT={spec.text!r}: {spec.name!r} is no class or function that gives a port")
    try:
        port = target()
    except TypeError as error:
        raise PortError(f"PORT={spec.text!r}: {error}; {spec.name}() must need no arguments; {hint}") from error
    missing = [name for name in ("start", "step") if not callable(getattr(port, name, None))]
    if missing:
        what = f"{spec.name}() gives no port, for it has no method {missing[0]!r}"
        raise PortError(f"PORT={spec.text!r}: {what}; a port has start and step; {hint}")
    factory: Factory = target
    return factory


def torch_factory(spec: PortSpec, target: Any, algorithm: str, dtype: str) -> Factory:
    """Return a factory of ports for an optimizer's class; raises `PortError`."""
    import torch

    from momoracle.ports.adapters.torch_port import TorchPort

    torch.set_num_threads(1)  # the vectors are short, and two processes share the machine
    _require_class(spec, target, torch.optim.Optimizer, "torch.optim.Optimizer")
    return lambda: TorchPort(target, algorithm)


def _optax(spec: PortSpec, target: Any, algorithm: str, dtype: str) -> Factory:
    import jax

    from momoracle.ports.adapters.optax_port import Compiled, OptaxPort

    if not callable(target):
        raise PortError(f"PORT={spec.text!r}: {spec.name!r} is no function that returns a GradientTransformation")
    jax.config.update("jax_enable_x64", dtype == "float64")
    compiled = Compiled(target)
    return lambda: OptaxPort(compiled, algorithm)


def _keras(spec: PortSpec, target: Any, algorithm: str, dtype: str) -> Factory:
    import keras

    from momoracle.ports.adapters.keras_port import KerasPort

    _require_class(spec, target, keras.optimizers.Optimizer, "keras.optimizers.Optimizer")
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", dtype == "float64")
    keras.config.set_floatx(dtype)
    return lambda: KerasPort(target, algorithm)


def _require_class(spec: PortSpec, target: Any, base: type, name: str) -> None:
    if not (isinstance(target, type) and issubclass(target, base)):
        raise PortError(f"PORT={spec.text!r}: {spec.name!r} is no subclass of {name}; name the optimizer's class")
