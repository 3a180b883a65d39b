"""The methods as fused kernels on a CUDA device; importing it needs neither CuPy nor a device, a `Fused` step does."""

from momoracle.gpu.bound import Bound
from momoracle.gpu.fused import Fused

__all__ = ["Bound", "Fused"]
