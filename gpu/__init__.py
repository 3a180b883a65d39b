"""The methods as fused kernels on a CUDA device.

Importing this room needs neither CuPy nor a device; a `Fused` step needs both. The code that packs, compiles and
launches the kernels is here, the CUDA sources are in ``kernels/`` and the benchmark is in ``bench/``.
"""

from momoracle.gpu.bound import Bound
from momoracle.gpu.fused import Fused

__all__ = ["Bound", "Fused"]
