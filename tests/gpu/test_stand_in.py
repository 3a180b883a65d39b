"""The stand-in for CuPy offers nothing that CuPy lacks, and refuses what a device would."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.device import cupy_stand_in


def names(value: Any) -> set[str]:
    return {name for name in vars(value) if not name.startswith("_")}


def test_cupy_has_every_name(tmp_path: Path) -> None:
    cupy, module = pytest.importorskip("cupy", reason="needs CuPy"), cupy_stand_in.stand_in(tmp_path)
    pairs = [(module, cupy), (module.cuda, cupy.cuda), (module.cuda.runtime, cupy.cuda.runtime)]
    pairs += [(getattr(module.cuda, name), getattr(cupy.cuda, name)) for name in ("Device", "Stream", "Event")]
    pairs += [(module.RawModule, cupy.RawModule), (cupy_stand_in.Array, cupy.ndarray)]
    for stand_in, real in pairs:
        assert len(names(stand_in)) > 1
        lacking = {name for name in names(stand_in) if not hasattr(real, name)}
        assert lacking - {"waits", "ptr"} == set(), real  # the stand-in's own; and what a stream has once it is made


def test_it_refuses_what_a_device_refuses(tmp_path: Path) -> None:
    cupy = cupy_stand_in.stand_in(tmp_path)
    x, stream = cupy.ones(3), cupy.cuda.Stream()
    with pytest.raises(TypeError, match="implicit conversion"):
        np.asarray(x)
    with pytest.raises(TypeError, match="of the host"):
        x[...] = np.ones(3)
    stream.begin_capture()
    for wait in (x.get, lambda: float(x[0]), stream.synchronize, cupy.cuda.Device().synchronize):
        with pytest.raises(cupy.cuda.runtime.CUDARuntimeError, match="capturing"):
            wait()
    assert isinstance(stream.end_capture(), SimpleNamespace)
    assert x.get().tolist() == [1.0, 1.0, 1.0]
