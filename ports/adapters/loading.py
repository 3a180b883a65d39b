"""Import what a PORT names and make a factory of ports of it, with the framework set up for one dtype."""

from collections.abc import Callable
from typing import Any, TypeAlias

from momoracle.common.user_code import TargetError, error_report, load_target
from momoracle.ports.adapters.port_arguments import own_arguments
from momoracle.ports.adapters.port_spec import ADAPTERS, PortError, PortSpec
from momoracle.ports.protocol import Port

Factory: TypeAlias = Callable[[], Port]


def load(spec: PortSpec, algorithm: str, dtype: str) -> Factory:
    """Import what ``spec`` names and return a factory of ports.

    It also sets the framework up for vectors of ``dtype`` (JAX's x64 mode, Keras' floatx), which holds for the whole
    process: call it in one that runs vectors of one dtype only.

    Raises:
        PortError: the port cannot be imported, or is none.
    """
    if spec.adapter == "keras":
        from momoracle.ports.adapters.keras_port import choose_backend

        choose_backend()
    target = _import(spec)
    makers = {"": make_plain_factory, "torch": make_torch_factory, "optax": _make_optax, "keras": _make_keras}
    try:
        return makers[spec.adapter](spec, target, algorithm, dtype)
    except ImportError as error:
        raise PortError(f"PORT={spec.text!r}: {error}; install momoracle with its extra `ports`") from error


def _import(spec: PortSpec) -> Any:
    try:
        return load_target(spec.target)
    except TargetError as error:
        raise PortError(f"PORT={spec.text!r}: {error}") from None
    except Exception as error:
        raise PortError(
            f"PORT={spec.text!r}: importing {spec.source!r} failed with {error_report(error)}; "
            "mend or install it so that Python can import it"
        ) from error


def make_plain_factory(spec: PortSpec, target: Any, algorithm: str, dtype: str) -> Factory:
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


def make_torch_factory(spec: PortSpec, target: Any, algorithm: str, dtype: str) -> Factory:
    """Return a factory of ports for an optimizer's class; raises `PortError`."""
    import torch

    from momoracle.ports.adapters.torch_port import TorchPort

    torch.set_num_threads(1)  # the vectors are short, and two processes share the machine
    _require_class(spec, target, torch.optim.Optimizer, "torch.optim.Optimizer")
    return lambda: TorchPort(target, own_arguments(spec, algorithm))


def _make_optax(spec: PortSpec, target: Any, algorithm: str, dtype: str) -> Factory:
    import jax

    from momoracle.ports.adapters.optax_port import Compiled, OptaxPort

    if not callable(target):
        raise PortError(f"PORT={spec.text!r}: {spec.name!r} is no function that returns a GradientTransformation")
    jax.config.update("jax_enable_x64", dtype == "float64")
    compiled = Compiled(target)
    return lambda: OptaxPort(compiled, own_arguments(spec, algorithm))


def _make_keras(spec: PortSpec, target: Any, algorithm: str, dtype: str) -> Factory:
    import keras

    from momoracle.ports.adapters.keras_port import KerasPort

    _require_class(spec, target, keras.optimizers.Optimizer, "keras.optimizers.Optimizer")
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", dtype == "float64")
    keras.config.set_floatx(dtype)
    return lambda: KerasPort(target, own_arguments(spec, algorithm))


def _require_class(spec: PortSpec, target: Any, base: type, name: str) -> None:
    if not (isinstance(target, type) and issubclass(target, base)):
        raise PortError(f"PORT={spec.text!r}: {spec.name!r} is no subclass of {name}; name the optimizer's class")
