"""The kernels compile for sm_80 and sm_90 where there is no device, and read and write 16 bytes at a time."""

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from momoracle.gpu.compiling import THREADS, assembled
from momoracle.gpu.compiling import compiled as compiled_anew
from momoracle.gpu.source import KERNELS, source

compiled = cache(compiled_anew)

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
    made = compiled(kernel, 1, "sm_90")
    for code, whole in ((made, True), (made[:-1], False)):
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


def registers(kernel: str, bins: int, arch: str) -> dict[str, int]:
    found = re.findall(r"properties for (\w+)\n.*\n.*Used (\d+) registers", assembled(kernel, bins, arch))
    return {name: int(used) for name, used in found}


@pytest.mark.usefixtures("nvrtc")
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_registers_are_enough_and_two_blocks_fit(kernel: str, arch: str) -> None:
    """A multiprocessor of either architecture has 65536 registers."""
    found = registers(kernel, 5, arch)
    assert set(found) == ENTRIES | {"first_float64", "second_float64"}
    assert max(found.values()) <= 65536 // (2 * THREADS)


@pytest.fixture
def nvdisasm(nvrtc: None) -> Path:
    pathfinder = pytest.importorskip("cuda.pathfinder", reason="needs CuPy 14, which brings cuda-pathfinder")
    path = pathfinder.find_nvidia_binary_utility("nvdisasm")
    if path is None:
        pytest.skip("needs nvdisasm: pip install nvidia-cuda-nvdisasm")
    return Path(path)


def accesses(code: bytes, nvdisasm: Path, folder: Path) -> dict[str, list[tuple[int, int]]]:
    """Return, for each entry, the reads of 16 bytes and the local accesses of every stretch without a branch in it.

    Only stretches that read or write 16 bytes of an array count.
    """
    path = folder / "code.cubin"
    path.write_bytes(code)
    text = subprocess.run([nvdisasm, "-c", path], capture_output=True, text=True, check=True).stdout
    found = {}
    for entry, body in re.findall(r"\n\.text\.(\w+):\n(.*?)(?=\n//-----|\Z)", text, re.DOTALL):
        stretches = re.split(r"\n\.L_\w+:|\bBRA\b|\bCALL\b", body)
        reads = [len(re.findall(r"\bLDG?\.E\.128", z)) for z in stretches]
        writes = [len(re.findall(r"\bSTG?\.E\.128", z)) for z in stretches]
        local = [len(re.findall(r"\b(?:LDL|STL)\b", z)) for z in stretches]
        found[entry] = [(r, spill) for r, w, spill in zip(reads, writes, local, strict=True) if r or w]
    return found


#: arrays that a pass reads: those of the first, and of the second
READ = {"momo": (3, 2), "momo_adam": (4, 3), "tam": (3, 3), "adatam": (2, 4)}


@pytest.mark.parametrize("kernel", KERNELS)
def test_reads_are_on_their_way_together_and_nothing_is_spilled_between(
    kernel: str, nvdisasm: Path, tmp_path: Path
) -> None:
    """All 32 bytes a thread of every array are asked for before the first is waited for: 48 KiB a multiprocessor.

    An H100 has memory of 3.35 TB/s and 132 multiprocessors: in a microsecond each is brought 25 KiB.
    """
    for bins, dtype in ((1, "float32"), (5, "float64")):
        found = accesses(compiled(kernel, bins, "sm_90"), nvdisasm, tmp_path)
        assert set(found) >= ENTRIES
        for entry, stretches in found.items():
            assert stretches, entry
            assert all(spilled == 0 for _, spilled in stretches), entry
        for stage, arrays in zip(("first", "second"), READ[kernel], strict=True):
            assert max(reads for reads, _ in found[f"{stage}_{dtype}"]) >= 2 * arrays
        if dtype == "float32":
            used = registers(kernel, bins, "sm_90")
            for entry in ("first_float32", "second_float32"):
                blocks = min(2048 // THREADS, 65536 // (-(-used[entry] // 8) * 8 * THREADS))
                assert blocks * THREADS * 16 * max(reads for reads, _ in found[entry]) >= 48 * 1024


def test_too_few_registers_are_noticed(nvdisasm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "momoracle.gpu.compiling.source", lambda kernel: re.sub(r"RESIDENT = [^;]+;", "RESIDENT = 8;", source(kernel))
    )
    found = accesses(compiled_anew("adatam", 1, "sm_90"), nvdisasm, tmp_path)
    assert any(spilled for _, spilled in found["second_float32"])


@pytest.mark.usefixtures("nvrtc")
def test_an_error_of_the_compiler_is_shown_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "momoracle.gpu.compiling.source", lambda kernel: source(kernel).replace("__syncthreads();", "__syncthread();")
    )
    with pytest.raises(
        RuntimeError, match=r"(?s)NVRTC refuses momo.cu for sm_90 .*sums.cuh\(\d+\): error.*__syncthread"
    ):
        compiled_anew("momo", 1, "sm_90")


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
