"""Declare what a fused step needs of the machine that runs its kernels: arrays, copies and launches."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = Any  # an array of the machine: shape, dtype, size, ndim, indexing, reshape
Kernel: TypeAlias = Callable[[int, Array, int], None]  # enqueues (blocks, job, first chunk)


class Machine(Protocol):
    """A CUDA device, used through CuPy; the tests use the host instead, with the same kernels."""

    def array(self, value: Any, label: str) -> Array:
        """Return ``value`` as an array of this machine that shares its memory; raises `TypeError`."""

    def contiguous(self, array: Array) -> Array:
        """Return the array itself if it is C-contiguous, else a copy that is."""

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return an array without initial values."""

    def full(self, shape: tuple[int, ...], value: float, dtype: Any) -> Array:
        """Return an array filled with one number."""

    def pointer(self, array: Array) -> int:
        """Return the address of the first entry."""

    def place(self, array: Array) -> str:
        """Return the name of the memory that holds the array, for messages and comparison."""

    def write(self, array: Array, content: NDArray[Any]) -> None:
        """Copy from the host into an array of this machine, after what is already enqueued."""

    def read(self, array: Array) -> NDArray[Any]:
        """Wait for what is enqueued, and copy to the host."""

    def kernel(self, kernel: str, bins: int, entry: str) -> Kernel:
        """Return an entry point of a kernel's source, compiled for ``bins``."""
