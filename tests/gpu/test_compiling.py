"""The kernels compile for sm_80 and sm_90 where there is no device, and read and write 16 bytes at a time."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from momoracle.gpu.compiling import THREADS, assembled, compiled
from momoracle.gpu.source import KERNELS, source

ARCHITECTURES = ("sm_80", "sm_90")
ENTRIES = {f"{stage}_{dtype}" for stage in ("first", "second") for dtype in ("float32", "float16", "bfloat16")}


@pytest.fixture
def nvrtc() -> None:
    pytest.importorskip("cupy", reason="needs CuPy, whose binding of NVRTC compiles without a device")
    try:
        compiled("tam", 1, ARCHITECTURES[0])
    except RuntimeError as error:
        if "cannot be loaded" not in str(error):
            raise
        pytest.skip(f"needs NVRTC: {error}")


@pytest.mark.usefixtures("nvrtc")
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_nvrtc_compiles_without_a_device(kernel: str, arch: str) -> None:
    for bins in (1, 5) if arch == "sm_90" else (1,):  # sm_80 and 5: below, to PTX
        code = compiled(kernel, bins, arch)
        assert code.startswith(b"\x7fELF")
        for entry in ENTRIES | ({"first_float64", "second_float64"} if bins == 5 else set()):
            assert entry.encode() + b"\0" in code


@pytest.mark.usefixtures("nvrtc")
@pytest.mark.parametrize("kernel", KERNELS)
def test_machine_code_is_a_whole_file(kernel: str, tmp_path: Path) -> None:
    """CuPy's binding cuts the last byte off, as if it were the end of a text; a driver may refuse such a file."""
    readelf = shutil.which("readelf")
    if readelf is None:
        pytest.skip("needs readelf, of binutils")
    path = tmp_path / f"{kernel}.cubin"
    for code, whole in ((compiled(kernel, 1, "sm_90"), True), (compiled(kernel, 1, "sm_90")[:-1], False)):
        path.write_bytes(code)
        result = subprocess.run([readelf, "-lS", str(path)], capture_output=True, text=True)
        assert ("past end of file" not in result.stderr) == whole, result.stderr


@pytest.mark.usefixtures("nvrtc")
@pytest.mark.parametrize("kernel", KERNELS)
def test_accesses_are_of_16_bytes_and_nothing_is_atomic(kernel: str) -> None:
    ptx = compiled(kernel, 5, "sm_80", ptx=True).decode()
    bodies = dict(re.findall(r"\.entry (\w+)\((.*?)\n\}", ptx, re.DOTALL))
    assert set(bodies) == ENTRIES | {"first_float64", "second_float64"}
    for entry, body in bodies.items():
        whole = "v2.[fbu]64" if entry.endswith("float64") else "v4.[fbu]32"
        assert re.search(rf"\bld(.global)?(.nc)?.{whole}", body), entry
        writes = entry.startswith("second") or kernel in ("momo", "momo_adam")
        assert bool(re.search(rf"\bst(.global)?.{whole}", body)) == writes, entry
    assert ".ftz.f32" not in ptx  # subnormal float32 numbers are kept
    assert not re.search(r"\b(atom|red)\.", ptx)


def resources(log: str) -> dict[str, tuple[int, int, int]]:
    """Return bytes of stack, bytes spilled and registers of each entry; of a function that it calls, -1 registers."""
    stack = re.findall(r"properties for (\w+)\n.*?(\d+) bytes stack frame, (\d+) bytes spill stores", log)
    registers = dict(re.findall(r"properties for (\w+)\n.*\n.*Used (\d+) registers", log))
    return {name: (int(frame), int(spilled), int(registers.get(name, -1))) for name, frame, spilled in stack}


@pytest.mark.usefixtures("nvrtc")
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_registers_are_enough_and_two_blocks_fit(kernel: str, arch: str) -> None:
    """A multiprocessor of either architecture has 65536 registers."""
    found = resources(assembled(kernel, 5, arch))
    assert {name for name, (_, _, used) in found.items() if used >= 0} == ENTRIES | {"first_float64", "second_float64"}
    assert {name: (frame, spilled) for name, (frame, spilled, _) in found.items() if frame or spilled} == {}
    assert max(used for _, _, used in found.values()) <= 65536 // (2 * THREADS)


@pytest.mark.usefixtures("nvrtc")
def test_too_few_registers_are_noticed() -> None:
    found = resources(assembled("tam", 1, "sm_90", "--maxrregcount=32"))
    assert all(found[entry][1] > 0 and found[entry][2] == 32 for entry in ENTRIES)


@pytest.mark.usefixtures("nvrtc")
def test_an_error_of_the_compiler_is_shown_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "momoracle.gpu.compiling.source", lambda kernel: source(kernel).replace("__syncthreads();", "__syncthread();")
    )
    with pytest.raises(
        RuntimeError, match=r"(?s)NVRTC refuses momo.cu for sm_90 .*sums.cuh\(\d+\): error.*__syncthread"
    ):
        compiled("momo", 1, "sm_90")


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_nvcc_compiles_too(arch: str, tmp_path: Path) -> None:
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("needs nvcc")
    path = tmp_path / "momo_adam.cu"
    path.write_text(source("momo_adam"), encoding="utf-8")
    command = [
        nvcc,
        f"-arch={arch}",
        "-cubin",
        "-std=c++17",
        "-Werror=all-warnings",
        f"-DTHREADS={THREADS}",
        "-DBINS=1",
    ]
    result = subprocess.run([*command, "-o", str(tmp_path / "out"), str(path)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_package_says_what_is_missing() -> None:
    """Importing works without CuPy; the first use names it, and what to do."""
    code = (
        "import sys; sys.modules['cupy'] = None\n"
        "import momoracle.gpu, momoracle\n"
        "try:\n    momoracle.gpu.Fused(momoracle.MoMo())\n"
        "except ImportError as error:\n    print(error)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert re.search(r"momoracle.gpu needs CuPy \(.*\): pip install 'momoracle\[gpu\]'.* run anywhere", result.stdout)


def test_a_missing_device_is_named() -> None:
    cupy = pytest.importorskip("cupy", reason="needs CuPy")
    try:
        cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError:
        from momoracle import MoMo
        from momoracle.gpu import Fused

        with pytest.raises(
            RuntimeError, match=r"momoracle.gpu needs a CUDA device, and CuPy finds none \(.*run anywhere"
        ):
            Fused(MoMo())
    else:
        pytest.skip("needs a machine without a device")


def test_every_count_of_bytes_is_stated_beside_its_kernel() -> None:
    stated = {"momo": ("28", "24"), "momo_adam": ("40", "36"), "tam": ("28", "32"), "adatam": ("36",)}
    for kernel, counts in stated.items():
        (line,) = re.findall(r"^// Memory traffic of float32, bytes a parameter: (.*)\.$", source(kernel), re.MULTILINE)
        assert tuple(re.findall(r"\d+", line)) == counts
