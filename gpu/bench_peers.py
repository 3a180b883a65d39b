"""Steps of PyTorch's optimizers, for the benchmark: of those packages that are installed."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

from momoracle.gpu.bench_shapes import Shapes

Step = Callable[[], Any]


def peers() -> tuple[str, ...]:
    """Return the names of the optimizers that are installed here."""
    needs = {
        "torch Adam, fused": ("torch",),
        "momo-opt Momo": ("torch", "momo"),
        "momo-opt MomoAdam": ("torch", "momo"),
        "pytorch-optimizer TAM": ("torch", "pytorch_optimizer"),
    }
    return tuple(name for name, modules in needs.items() if all(map(find_spec, modules)))


def peer(name: str, shapes: Shapes, device: str, stream: int | None = None) -> Step:
    """Return a step of one of `peers` on fresh float32 tensors; ``stream`` is the CUDA stream that it goes to."""
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

    def on_stream() -> None:
        with torch.cuda.stream(torch.cuda.ExternalStream(stream)):
            step()

    return on_stream
