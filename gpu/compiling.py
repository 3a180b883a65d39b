"""Kernels compiled by NVRTC, which needs no device.

CuPy's own ``RawModule(code=…)`` is given machine code instead of the source because it compiles with ``-ftz=true``,
which takes subnormal float32 numbers for 0.
"""

import struct
from typing import Any

from momoracle.gpu.source import source

THREADS = 256  # of a block


def compiled(kernel: str, bins: int, arch: str, ptx: bool = False) -> bytes:
    """Return a kernel's machine code for an architecture such as ``"sm_90"``, or its PTX.

    Raises:
        ImportError: CuPy is missing, or a CuPy whose binding of NVRTC is another.
        RuntimeError: NVRTC is missing, or refuses the source; the message has its log.
    """
    code: bytes = _built(kernel, bins, arch, (), "getPTX" if ptx else "getCUBIN")
    return code if ptx else _whole(code)


def assembled(kernel: str, bins: int, arch: str) -> str:
    """Return what the assembler tells of each entry: its registers, for one.

    Raises:
        ImportError, RuntimeError: as `compiled`.
    """
    log: str = _built(kernel, bins, arch, ("--ptxas-options=-v",), "getProgramLog")
    return log


def compiler_version() -> str:
    """Return NVRTC's version.

    Raises:
        ImportError: as `compiled`.
    """
    return ".".join(map(str, _nvrtc().getVersion()))


def _built(kernel: str, bins: int, arch: str, more: tuple[str, ...], wanted: str) -> Any:
    nvrtc = _nvrtc()
    # NVRTC 13.0 takes a lambda in a kernel for a function of the host where that is the default
    spaces = "-std=c++17", "--device-as-default-execution-space"
    # products are rounded before they are added, as NumPy's are: however a loop is compiled, it gives the same bits
    rounded = "--fmad=false"
    options = (f"--gpu-architecture={arch}", f"-DTHREADS={THREADS}", f"-DBINS={bins}", *spaces, rounded, *more)
    try:
        program = nvrtc.createProgram(source(kernel), f"{kernel}.cu", (), ())
    except Exception as error:  # the library is loaded only now, and each version words its absence in its own way
        raise RuntimeError(f"NVRTC cannot be loaded ({error}): pip install nvidia-cuda-nvrtc") from error
    try:
        nvrtc.compileProgram(program, options)
        return getattr(nvrtc, wanted)(program)
    except nvrtc.NVRTCError as error:
        log = nvrtc.getProgramLog(program)
        raise RuntimeError(f"NVRTC refuses {kernel}.cu for {arch} ({error}):\n{log}") from None
    finally:
        nvrtc.destroyProgram(program)


def _whole(code: bytes) -> bytes:
    """Return machine code with the last byte that CuPy's binding cuts off, as if it were the end of a text.

    It is an ELF file, and ends with a table whose last number is small: the highest byte, which comes last, was 0.
    """
    tables = struct.unpack_from("<2Q", code, 32), struct.unpack_from("<4H", code, 54)
    (programs, sections), (program_size, program_count, section_size, section_count) = tables
    return code.ljust(max(programs + program_size * program_count, sections + section_size * section_count), b"\0")


def _nvrtc() -> Any:
    """Return CuPy's binding of NVRTC: the module below its public ones, which need a driver to compile."""
    import cupy  # noqa: F401 - finds the libraries that came as wheels

    try:
        from cupy_backends.cuda.libs import nvrtc

        for name in ("createProgram", "compileProgram", "getCUBIN", "getPTX", "getProgramLog", "destroyProgram"):
            getattr(nvrtc, name)
    except (ImportError, AttributeError) as error:
        raise ImportError(f"this CuPy has no binding of NVRTC as CuPy 14 has it ({error}): install CuPy 14") from error
    return nvrtc
