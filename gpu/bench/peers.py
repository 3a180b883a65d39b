"""Optimizers of other packages, for the benchmark: those that are installed and reach the device."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

from momoracle.gpu.bench.shapes import Shapes

Step = Callable[[], Any]


class Peer(NamedTuple):
    """A step on fresh float32 arrays, and how to wait for it where it goes to a stream that no clock of ours sees."""

    step: Step
    wait: Step | None = None

    def awaited(self) -> None:
        """Take a step, and wait for it where there is a way of its own to."""
        self.step()
        if self.wait is not None:
            self.wait()


class Kind(NamedTuple):
    """What an optimizer needs, and the bytes a float32 parameter that it moves where its kernels are known."""

    needs: tuple[str, ...]
    each: int | None = None


#: by name; PyTorch's fused Adam reads x, g, m, v and writes x, m, v in one kernel
PEERS = {
    "torch Adam, fused": Kind(("torch",), 28),
    "momo-opt Momo": Kind(("torch", "momo")),
    "momo-opt MomoAdam": Kind(("torch", "momo")),
    "pytorch-optimizer TAM": Kind(("torch", "pytorch_optimizer")),
    "optax momo, jit": Kind(("jax", "optax")),
    "optax momo_adam, jit": Kind(("jax", "optax")),
    "optax adam, jit": Kind(("jax", "optax")),
}


def missing(device: str) -> dict[str, str]:
    """Return the peers that cannot be measured on ``device`` ("cuda" or "cpu"), each with the reason."""
    found = {}
    for name, kind in PEERS.items():
        absent = [module for module in kind.needs if find_spec(module) is None]
        if absent:
            found[name] = f"not installed: {', '.join(absent)}"
        elif not (_torch_reaches if "torch" in kind.needs else _jax_reaches)(device):
            found[name] = f"{kind.needs[0]} finds no {device} device"
    return found


def peer(name: str, shapes: Shapes, device: str, stream: int | None = None) -> Peer:
    """Return one of `PEERS` on fresh arrays; ``stream`` is the CUDA stream that PyTorch's go to."""
    if name.startswith("optax"):
        from momoracle.gpu.bench.optax_peer import optax_peer

        return optax_peer(name, shapes, device)
    return Peer(_torch_step(name, shapes, device, stream))


def _torch_step(name: str, shapes: Shapes, device: str, stream: int | None) -> Step:
    import torch

    parameters = [torch.nn.Parameter(torch.full(shape, 0.5, device=device)) for shape in shapes]
    for parameter in parameters:
        parameter.grad = torch.full_like(parameter, 0.25)
    if name.startswith("torch"):
        step: Step = torch.optim.Adam(parameters, lr=1e-3, fused=True, capturable=device == "cuda").step
    elif name.startswith("momo"):
        import momo

        loss = torch.ones((), device=device)
        step = partial(getattr(momo, name.split()[1])(parameters, lr=1e-3).step, loss=loss)
    else:
        import pytorch_optimizer

        step = pytorch_optimizer.TAM(parameters, lr=1e-3).step
    if stream is None:
        return step
    torch.cuda.synchronize()  # the arrays were filled on another stream

    def on_stream() -> None:
        with torch.cuda.stream(torch.cuda.ExternalStream(stream)):
            step()

    return on_stream


def _torch_reaches(device: str) -> bool:
    import torch

    return device == "cpu" or bool(torch.cuda.is_available())


def _jax_reaches(device: str) -> bool:
    from momoracle.gpu.bench.optax_peer import reaches

    return reaches(device)
