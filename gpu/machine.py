"""What a fused step asks of the machine that runs its kernels: arrays of its own, and launches."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = Any  # an array of the machine: shape, dtype, size, ndim, indexing, reshape
Kernel: TypeAlias = Callable[[int, Array, int], None]  # enqueues (blocks, job, first chunk)


class Machine(Protocol):
    """A CUDA device through CuPy; tests put the host in its place, with the same kernels."""

    def array(self, value: Any, label: str) -> Array:
        """Return ``value`` as an array of this machine that shares its memory; raises `TypeError`."""

    def contiguous(self, array: Array) -> Array:
        """Return the array itself where its entries follow each other in C order, else a copy in which they do."""

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return an array whose entries are yet to be written."""

    def full(self, shape: tuple[int, ...], value: float, dtype: Any) -> Array:
        """Return an array filled with one number."""

    def pointer(self, array: Array) -> int:
        """Return where the first entry lies."""

    def place(self, array: Array) -> str:
        """Return the name of the memory that the array lies in."""

    def write(self, array: Array, content: NDArray[Any]) -> None:
        """Copy from the host into an array of this machine, in the order of what is enqueued."""

    def read(self, array: Array) -> NDArray[Any]:
        """Wait for what is enqueued, and copy to the host."""

    def kernel(self, kernel: str, bins: int, entry: str) -> Kernel:
        """Return an entry point of a kernel's source, compiled for ``bins``."""
