"""The kernels compile for sm_80 and sm_90 where there is no device, and read and write 16 bytes at a time."""

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from momoracle.gpu.compiling import THREADS, assembler_log
from momoracle.gpu.compiling import compile_kernel as compile_anew
from momoracle.gpu.source import KERNELS, source

compile_kernel = cache(compile_anew)

ARCHITECTURES = ("sm_80", "sm_90")
ENTRIES = {f"{stage}_{dtype}" for stage in ("first", "second") for dtype in ("float32", "float16", "bfloat16")}


@pytest.fixture
def nvrtc() -> None:
    pytest.importorskip("cupy", reason="needs CuPy, whose binding of NVRTC compiles without a device")
    try:
        compile_kernel("tam", 1, ARCHITECTURES[0])
    except RuntimeError as error:
        if "cannot be loaded" not in str(error):
            raise
        pytest.skip(f"needs NVRTC: {error}")


@pytest.mark.usefixtures("nvrtc")
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_nvrtc_compiles_without_a_device(kernel: str, arch: str) -> None:
    for bins in (1, 5) if arch == "sm_90" else (1,):  # sm_80 and 5: below, to PTX
        code = compile_kernel(kernel, bins, arch)
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
    made = compile_kernel(kernel, 1, "sm_90")
    for code, whole in ((made, True), (made[:-1], False)):
        path.write_bytes(code)
        result = subprocess.run([readelf, "-lS", str(path)], capture_output=True, text=True)
        assert ("past end of file" not in result.stderr) == whole, result.stderr


@pytest.mark.usefixtures("nvrtc")
@pytest.mark.parametrize("kernel", KERNELS)
def test_accesses_are_of_16_bytes_and_nothing_is_atomic_or_fused(kernel: str) -> None:
    ptx = compile_kernel(kernel, 5, "sm_80", ptx=True).decode()
    bodies = dict(re.findall(r"\.entry (\w+)\((.*?)\n\}", ptx, re.DOTALL))
    assert set(bodies) == ENTRIES | {"first_float64", "second_float64"}
    for entry, body in bodies.items():
        whole = "v2.[fbu]64" if entry.endswith("float64") else "v4.[fbu]32"
        assert re.search(rf"\bld(.global)?(.nc)?.{whole}", body), entry
        writes = entry.startswith("second") or kernel in ("momo", "momo_adam")
        assert bool(re.search(rf"\bst(.global)?.{whole}", body)) == writes, entry
        assert not re.search(r"\bfma\.", body), entry  # products are rounded before they are added
    assert ".ftz.f32" not in ptx  # subnormal float32 numbers are kept
    assert not re.search(r"\b(atom|red)\.", ptx)


@pytest.fixture
def nvdisasm(nvrtc: None) -> Path:
    pathfinder = pytest.importorskip("cuda.pathfinder", reason="needs CuPy 14, which brings cuda-pathfinder")
    path = pathfinder.find_nvidia_binary_utility("nvdisasm")
    if path is None:
        pytest.skip("needs nvdisasm: pip install nvidia-cuda-nvdisasm")
    return Path(path)


def entries(code: bytes, nvdisasm: Path, folder: Path) -> dict[str, list[str]]:
    """Return the instructions of each entry, from its first access of 16 bytes to its last."""
    path = folder / "code.cubin"
    path.write_bytes(code)
    text = subprocess.run([nvdisasm, "-c", path], capture_output=True, text=True, check=True).stdout
    found = {}
    for entry, body in re.findall(r"\n\.text\.(\w+):\n(.*?)(?=\n//-----|\Z)", text, re.DOTALL):
        lines = body.splitlines()
        wide = [i for i, line in enumerate(lines) if re.search(r"\b(LD|ST)G?\.E\.128", line)]
        found[entry] = lines[wide[0] : wide[-1] + 1]
    return found


def together(lines: list[str]) -> int:
    """Return how many reads of 16 bytes are under way, at most, before one of them is waited for or a branch comes."""
    most, under_way = 0, list[int]()
    for line in lines:
        read = re.search(r"\bLDG?\.E\.128 R(\d+),(.*)", line)
        used = {int(r) for r in re.findall(r"\bR(\d+)\b", read[2] if read else line)}
        if re.search(r"^\.L_|\b(BRA|CALL|BSYNC)\b", line) or any(used & set(range(r, r + 4)) for r in under_way):
            under_way = []
        if read:
            under_way.append(int(read[1]))
            most = max(most, len(under_way))
    return most


#: arrays that a pass reads: those of the first, and of the second
READ = {"momo": (3, 2), "momo_adam": (4, 3), "tam": (3, 3), "adatam": (2, 4)}


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_reads_are_on_their_way_together_and_nothing_is_spilled_between(
    kernel: str, arch: str, nvdisasm: Path, tmp_path: Path
) -> None:
    """All 32 bytes a thread of every array are asked for before one is waited for: 48 KiB a multiprocessor.

    An H100 has memory of 3.35 TB/s and 132 multiprocessors: in a microsecond each is brought 25 KiB.
    """
    for bins, dtype in ((1, "float32"), (5, "float64")) if arch == "sm_90" else ((1, "float32"),):
        found = entries(compile_kernel(kernel, bins, arch), nvdisasm, tmp_path)
        assert set(found) == ENTRIES | ({"first_float64", "second_float64"} if bins == 5 else set())
        spilled = {name: [z for z in lines if re.search(r"\b(LDL|STL)\b", z)] for name, lines in found.items()}
        assert not any(spilled.values()), spilled
        reads = {stage: together(found[f"{stage}_{dtype}"]) for stage in ("first", "second")}
        assert reads["first"] >= 2 * READ[kernel][0]
        assert reads["second"] >= 2 * READ[kernel][1]
        if dtype == "float32":
            log = assembler_log(kernel, bins, arch)
            used = dict(re.findall(r"properties for (\w+)_float32\n.*\n.*Used (\d+) registers", log))
            for stage, count in reads.items():
                blocks = min(2048 // THREADS, 65536 // (-(-int(used[stage]) // 8) * 8 * THREADS))
                assert blocks * THREADS * 16 * count >= 48 * 1024


def test_too_few_registers_are_noticed(nvdisasm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "momoracle.gpu.compiling.source", lambda kernel: re.sub(r"RESIDENT = [^;]+;", "RESIDENT = 8;", source(kernel))
    )
    found = entries(compile_anew("adatam", 1, "sm_90"), nvdisasm, tmp_path)
    assert any(re.search(r"\b(LDL|STL)\b", line) for line in found["second_float32"])


def test_a_read_that_is_waited_for_is_noticed() -> None:
    first, second = "LDG.E.128 R4, desc[UR8][R2.64] ;", "LDG.E.128 R8, desc[UR8][R14.64] ;"
    assert together([first, second, "FADD R0, R4, R8 ;"]) == 2
    for between in ("FADD R0, R6, R1 ;", "BRA `(.L_x_1) ;", ".L_x_1:"):
        assert together([first, between, second]) == 1


@pytest.mark.usefixtures("nvrtc")
def test_an_error_of_the_compiler_is_shown_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "momoracle.gpu.compiling.source", lambda kernel: source(kernel).replace("__syncthreads();", "__syncthread();")
    )
    with pytest.raises(
        RuntimeError, match=r"(?s)NVRTC refuses momo.cu for sm_90 .*sums.cuh\(\d+\): error.*__syncthread"
    ):
        compile_anew("momo", 1, "sm_90")


def test_nvcc_compiles_too(tmp_path: Path) -> None:
    """For one architecture: the code for others is NVRTC's to make; what nvcc adds are its warnings."""
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("needs nvcc")
    path = tmp_path / "momo_adam.cu"
    path.write_text(source("momo_adam"), encoding="utf-8")
    command = [
        nvcc,
        f"-arch={ARCHITECTURES[-1]}",
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
