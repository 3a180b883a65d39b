"""Make steps of optax under ``jax.jit`` that work in place: JAX may reuse the memory of parameters and state."""

import os
from functools import cache, partial
from typing import Any

from momoracle.gpu.bench.peer import Peer
from momoracle.gpu.bench.shapes import Shapes


def has_jax_device(device: str) -> bool:
    """Say whether JAX has a device of this kind ("cuda" or "cpu")."""
    try:
        return bool(_jax().devices(device))
    except RuntimeError:  # what JAX raises for a platform that it does not have
        return False


def make_optax_peer(name: str, shapes: Shapes, device: str) -> Peer:
    """Return optax's momo, momo_adam or adam as a peer; its ``wait`` returns the new parameters."""
    jax = _jax()
    method, update = _compile(name.removeprefix("optax ").removesuffix(", jit"))
    with jax.default_device(jax.devices(device)[0]):
        params, grads = ([jax.numpy.full(shape, z, "float32") for shape in shapes] for z in (0.5, 0.25))
        value, current = jax.numpy.ones(()), [params, method.init(params)]

    def step() -> None:
        current[:] = update(*current, grads, value)

    return Peer(step, lambda: jax.block_until_ready(current[0]))


@cache
def _compile(name: str) -> tuple[Any, Any]:
    """Return a method of optax and its jitted step; the cache makes JAX compile it once for the same shapes."""
    jax = _jax()
    import optax

    make = {"momo": optax.contrib.momo, "momo_adam": optax.contrib.momo_adam, "adam": optax.adam}
    method = optax.with_extra_args_support(make[name](1e-3))

    @partial(jax.jit, donate_argnums=(0, 1))
    def update(params: Any, state: Any, grads: Any, value: Any) -> Any:
        updates, state = method.update(grads, state, params, value=value)
        return optax.apply_updates(params, updates), state

    return method, update


def _jax() -> Any:
    # JAX reads this when it first allocates. Otherwise it takes three quarters of the device's memory at once.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax

    return jax
