"""The versions of what a port runs on."""

import platform
import sys
from importlib import metadata

from momoracle.ports.adapters.port_spec import PortSpec

FRAMEWORKS = ("torch", "jax", "jaxlib", "optax", "keras", "tensorflow", "mlx")


def versions(spec: PortSpec) -> dict[str, str]:
    """Return distribution name -> version: the port's package, the frameworks that it uses, NumPy and Python.

    Call it where the port has been loaded: which frameworks it uses is seen from what it imported.
    """
    modules = [] if spec.is_file else [spec.source.partition(".")[0]]
    modules += [name for name in _frameworks_of(spec) if name in sys.modules]
    known: dict[str, str] = {}
    if modules:  # reading what every installed package brings takes a while
        distributions = metadata.packages_distributions()
        known = {name: metadata.version(name) for module in modules for name in distributions.get(module, [])[:1]}
        own = "" if spec.is_file else str(getattr(sys.modules.get(modules[0]), "__version__", ""))
        if own and modules[0] not in distributions:
            known[modules[0]] = own
    return {**dict(sorted(known.items())), "numpy": metadata.version("numpy"), "python": platform.python_version()}


def _frameworks_of(spec: PortSpec) -> tuple[str, ...]:
    if spec.adapter == "torch":
        return ("torch",)
    if spec.adapter == "optax":
        return ("optax", "jax", "jaxlib")
    if spec.adapter == "keras":  # Keras imports other backends' packages where they are installed, without using them
        import keras

        backend = str(keras.backend.backend())
        return ("keras", backend, "jaxlib") if backend == "jax" else ("keras", backend)
    return FRAMEWORKS
