"""The parameter shapes that the benchmark steps: one tensor, ResNet-50's, GPT-2 small's, and a thousand parameters."""

Shapes = list[tuple[int, ...]]


def gpt2_small() -> Shapes:
    """Return the 148 shapes of GPT-2 small (Radford et al. 2019): 12 blocks of width 768, tied embedding.

    >>> import math
    >>> sum(map(math.prod, gpt2_small())), len(gpt2_small())
    (124439808, 148)
    """
    width = 768
    norm: Shapes = [(width,), (width,)]
    attention: Shapes = [(width, 3 * width), (3 * width,), (width, width), (width,)]
    perceptron: Shapes = [(width, 4 * width), (4 * width,), (4 * width, width), (width,)]
    return [(50257, width), (1024, width), *(norm + attention + norm + perceptron) * 12, *norm]


def resnet50() -> Shapes:
    """Return the 161 shapes of ResNet-50 (He et al. 2016) for 1000 classes, its batch norms included.

    >>> import math
    >>> sum(map(math.prod, resnet50())), len(resnet50())
    (25557032, 161)
    """

    def convolution(into: int, out: int, size: int) -> Shapes:
        return [(out, into, size, size), (out,), (out,)]

    shapes, into = convolution(3, 64, 7), 64
    for width, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            shapes += convolution(into, width, 1) + convolution(width, width, 3) + convolution(width, 4 * width, 1)
            if block == 0:
                shapes += convolution(into, 4 * width, 1)
            into = 4 * width
    return [*shapes, (1000, 2048), (1000,)]


def workloads() -> dict[str, Shapes]:
    """Return every workload by its name, from small to large."""
    single: dict[str, Shapes] = {f"2^{power} in one tensor": [(2**power,)] for power in range(20, 29)}
    return {"1000 in ten tensors": [(100,)] * 10, **single, "ResNet-50": resnet50(), "GPT-2 small": gpt2_small()}
