"""Adapter for optax: a function that returns a `GradientTransformation` as a port."""

from collections.abc import Callable
from typing import Any

import numpy as np

from momoracle.ports.adapters.argument_names import arguments_of
from momoracle.ports.adapters.buffer_names import fields, known, rename
from momoracle.ports.adapters.port_arguments import PortArguments
from momoracle.ports.protocol import Schedule
from momoracle.reference.golden.vectors import FloatArray


class Compiled:
    """The transformations of one factory function and their jitted steps, kept so that equal settings compile once."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self._kept: dict[str, tuple[Any, Any]] = {}

    def get(self, arguments: dict[str, Any], dtype: str) -> tuple[Any, Any]:
        """Return ``(transformation, step)`` for these arguments; a schedule is looked up in arrays of ``dtype``."""
        key = repr((sorted(arguments.items()), dtype))
        if key not in self._kept:
            ready = {name: _lookup(value, dtype) for name, value in arguments.items()}
            transformation = self.function(**ready)
            self._kept[key] = transformation, _jitted(transformation)
        return self._kept[key]


class OptaxPort:
    """Run a transformation on a list of arrays, jitted; its update gets the loss as ``value=`` where it can take it.

    float64 needs JAX's x64 mode, which the process that loads this port sets; float32 runs in JAX's default mode.

    Args:
        compiled: the function that returns the transformation.
        arguments: how the function's arguments are chosen.
        loss_of: what is passed as the loss, in the place of an array of the parameters' dtype.
    """

    def __init__(
        self, compiled: Compiled, arguments: PortArguments, loss_of: Callable[[float], Any] | None = None
    ) -> None:
        self.function = self.matched = compiled.function
        self._compiled = compiled
        self._arguments = arguments
        self._algorithm = arguments.algorithm
        self._loss_of = loss_of

    def like(self, loss_of: Callable[[float], Any] | None = None) -> "OptaxPort":
        """Return a port of the same function that has not been started, with another form of the loss."""
        return OptaxPort(Compiled(self.function), self._arguments, loss_of)

    def start(self, params: list[FloatArray], **hyperparameters: Any) -> None:
        """Begin a run; raises `NotOffered`."""
        import jax.numpy as jnp

        accepted, _ = arguments_of(self._compiled.function)
        arguments = self._arguments.choose(hyperparameters, accepted)
        self._dtype = params[0].dtype
        self._params = [jnp.asarray(array) for array in params]
        transformation, self._step = self._compiled.get(arguments, str(self._dtype))
        self._state = transformation.init(self._params)
        self._takes_loss = _takes_loss(transformation)

    def step(self, grads: list[FloatArray], loss: float) -> list[FloatArray]:
        """Take one jitted step: update, then `optax.apply_updates`."""
        import jax.numpy as jnp

        # as jax.value_and_grad gives it
        value = jnp.asarray(loss, dtype=self._dtype) if self._loss_of is None else self._loss_of(loss)
        self._params, self._state = self._step([jnp.asarray(grad) for grad in grads], self._state, self._params, value)
        return [np.array(array) for array in self._params]

    def set_params(self, params: list[FloatArray]) -> None:
        """Go on from ``params``, which optax does not keep."""
        import jax.numpy as jnp

        self._params = [jnp.asarray(array) for array in params]

    def state(self) -> dict[str, list[FloatArray]]:
        """Return the known fields of the transformation's state."""
        buffers: dict[str, list[FloatArray]] = {}
        names = known(self._algorithm)
        for name, value in fields(self._state):
            if name in names:
                buffers.setdefault(name, [np.array(leaf) for leaf in (value if isinstance(value, list) else [value])])
        return rename(self._algorithm, buffers)

    @property
    def takes_loss(self) -> bool:
        """Whether the transformation's update is given the loss."""
        return self._takes_loss

    def save(self) -> Any:
        """Return what a checkpoint holds: the leaves of the state's tree."""
        import jax

        return [np.array(leaf) for leaf in jax.tree.leaves(self._state)]

    def restore(self, params: list[FloatArray], saved: Any, **hyperparameters: Any) -> None:
        """Go on from ``save`` with a new transformation: its own tree, with fresh arrays as leaves."""
        import jax
        import jax.numpy as jnp

        self._compiled = Compiled(self.function)
        self.start(params, **hyperparameters)
        tree = jax.tree.structure(self._state)
        self._state = jax.tree.unflatten(tree, [jnp.asarray(leaf) for leaf in saved])

    def dtypes(self) -> dict[str, str]:
        """Return the dtype of every parameter, and of every leaf of the state, by name."""
        import jax

        held = {f"params[{i}]": param for i, param in enumerate(self._params)}
        held |= {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(self._state)}
        return {name: str(leaf.dtype) for name, leaf in held.items() if hasattr(leaf, "dtype")}


def _takes_loss(transformation: Any) -> bool:
    import optax

    return isinstance(transformation, optax.GradientTransformationExtraArgs)


def _lookup(value: Any, dtype: str) -> Any:
    if not isinstance(value, Schedule):
        return value
    import jax.numpy as jnp

    rates = [value(k) for k in range(1, len(value.values) + 1)]
    table = jnp.asarray(np.array(rates, dtype=dtype))
    return lambda count: table[count]  # optax counts from 0


def _jitted(transformation: Any) -> Any:
    import jax
    import optax

    extra = _takes_loss(transformation)

    def step(grads: Any, state: Any, params: Any, value: Any) -> Any:
        arguments = {"value": value} if extra else {}
        updates, state = transformation.update(grads, state, params, **arguments)
        return optax.apply_updates(params, updates), state

    return jax.jit(step)
