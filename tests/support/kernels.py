"""Other processors, played by this one: NumPy and OpenBLAS are told to leave out what it has."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parents[1]
_BUILD: Any = np.show_config(mode="dicts")


def environments() -> dict[str, dict[str, str]]:
    """Return what to add to the environment, by the name of the processor that is played; this one cannot play all."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return {}
    extensions = _BUILD["SIMD Extensions"]
    optional = extensions.get("found", [])  # what NumPy has code for beside the baseline, and this processor has
    there = {*extensions["baseline"], *optional}
    # NumPy 2.4 names whole levels of processors, older ones each kind of instruction.
    avx512 = [name for name in optional if name == "X86_V4" or name.startswith("AVX512")]
    avx2 = [name for name in optional if name in ("X86_V3", "FMA3", "AVX2")]
    has_avx2, has_avx512 = bool(there & {"X86_V3", "AVX2"}), bool(there & {"X86_V4", "AVX512_SKX"})
    cores = {"Prescott": True, "Haswell": has_avx2, "Zen": has_avx2, "SkylakeX": has_avx512}
    played = {name: {"OPENBLAS_CORETYPE": name} for name, can in cores.items() if can}
    for name, left_out in (("no AVX512", avx512), ("no AVX2", avx2 and avx2 + avx512)):
        if left_out:
            played[name] = {"NPY_DISABLE_CPU_FEATURES": " ".join(left_out)}
    return played


def by_openblas() -> bool:
    """Tell whether NumPy's BLAS is OpenBLAS, which has a kernel for each processor."""
    return "openblas" in _BUILD["Build Dependencies"]["blas"]["name"]


def run(module: str, environment: dict[str, str]) -> dict[str, str]:
    """Return the digests that a module of the tests prints as JSON, run in an environment."""
    command = [sys.executable, "-W", "error", "-m", module]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENBLAS_CORE", "NPY_"))}
    result = subprocess.run(command, cwd=HERE, env=clean | environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    digests: dict[str, str] = json.loads(result.stdout)
    return digests
