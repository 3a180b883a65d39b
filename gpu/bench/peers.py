"""Optimizers of other packages that the benchmark measures if they are installed and can use the device."""

from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

from momoracle.gpu.bench.optax_peer import has_jax_device, make_optax_peer
from momoracle.gpu.bench.peer import Peer, Step
from momoracle.gpu.bench.shapes import Shapes


class PeerNeeds(NamedTuple):
    """The packages that an optimizer needs, and the bytes that it moves for each float32 parameter, if known."""

    packages: tuple[str, ...]
    each: int | None = None


#: by name; PyTorch's fused Adam reads x, g, m, v and writes x, m, v in one kernel
PEERS = {
    "torch Adam, fused": PeerNeeds(("torch",), 28),
    "momo-opt Momo": PeerNeeds(("torch", "momo")),
    "momo-opt MomoAdam": PeerNeeds(("torch", "momo")),
    "pytorch-optimizer TAM": PeerNeeds(("torch", "pytorch_optimizer")),
    "optax momo, jit": PeerNeeds(("jax", "optax")),
    "optax momo_adam, jit": PeerNeeds(("jax", "optax")),
    "optax adam, jit": PeerNeeds(("jax", "optax")),
}


def find_missing(device: str) -> dict[str, str]:
    """Return the peers that cannot be measured on ``device`` ("cuda" or "cpu"), each with the reason."""
    reasons = {}
    for name, needs in PEERS.items():
        absent = [package for package in needs.packages if find_spec(package) is None]
        if absent:
            reasons[name] = f"not installed: {', '.join(absent)}"
        elif not (_has_torch_device if "torch" in needs.packages else has_jax_device)(device):
            reasons[name] = f"{needs.packages[0]} finds no {device} device"
    return reasons


def make_peer(name: str, shapes: Shapes, device: str, stream: int | None = None) -> Peer:
    """Return a peer on fresh arrays.

    Args:
        name: one of `PEERS`.
        shapes: the shapes of its parameters.
        device: "cuda" or "cpu".
        stream: the CUDA stream that PyTorch's kernels go to.
    """
    if name.startswith("optax"):
        return make_optax_peer(name, shapes, device)
    return Peer(_make_torch_step(name, shapes, device, stream))


def _make_torch_step(name: str, shapes: Shapes, device: str, stream: int | None) -> Step:
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

    def step_on_stream() -> None:
        with torch.cuda.stream(torch.cuda.ExternalStream(stream)):
            step()

    return step_on_stream


def _has_torch_device(device: str) -> bool:
    import torch

    return device == "cpu" or bool(torch.cuda.is_available())
