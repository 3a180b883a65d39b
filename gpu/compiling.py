"""Compile kernels with NVRTC, which needs no device.

CuPy's own ``RawModule(code=…)`` is given machine code instead of the source because it compiles with ``-ftz=true``,
which takes subnormal float32 numbers for 0.
"""

import struct
from typing import Any

from momoracle.gpu.source import source

THREADS = 256  # of a block


def compile_kernel(kernel: str, bins: int, arch: str, ptx: bool = False) -> bytes:
    """Return a kernel's machine code for an architecture such as ``"sm_90"``, or its PTX.

    Raises:
        ImportError: CuPy is missing, or its binding of NVRTC is not that of CuPy 14.
        RuntimeError: NVRTC is missing, or refuses the source; the message has its log.
    """
    code: bytes = _run_nvrtc(kernel, bins, arch, (), "getPTX" if ptx else "getCUBIN")
    return code if ptx else _restore_last_byte(code)


def assembler_log(kernel: str, bins: int, arch: str) -> str:
    """Return the assembler's log of a kernel: the registers of each entry, for example.

    Raises:
        ImportError, RuntimeError: as `compile_kernel`.
    """
    log: str = _run_nvrtc(kernel, bins, arch, ("--ptxas-options=-v",), "getProgramLog")
    return log


def compiler_version() -> str:
    """Return NVRTC's version.

    Raises:
        ImportError: as `compile_kernel`.
    """
    return ".".join(map(str, _nvrtc().getVersion()))


def _run_nvrtc(kernel: str, bins: int, arch: str, more: tuple[str, ...], wanted: str) -> Any:
    nvrtc = _nvrtc()
    # without this NVRTC 13.0 takes a lambda in a kernel for a function of the host
    spaces = "-std=c++17", "--device-as-default-execution-space"
    # no fused multiply-add: products are rounded before they are added, as NumPy does, so that the bits are the same
    rounded = "--fmad=false"
    options = (f"--gpu-architecture={arch}", f"-DTHREADS={THREADS}", f"-DBINS={bins}", *spaces, rounded, *more)
    try:
        program = nvrtc.createProgram(source(kernel), f"{kernel}.cu", (), ())
    except Exception as error:  # the library is loaded only now, and each version raises its own type if it is absent
        raise RuntimeError(f"NVRTC cannot be loaded ({error}): pip install nvidia-cuda-nvrtc") from error
    try:
        nvrtc.compileProgram(program, options)
        return getattr(nvrtc, wanted)(program)
    except nvrtc.NVRTCError as error:
        log = nvrtc.getProgramLog(program)
        raise RuntimeError(f"NVRTC refuses {kernel}.cu for {arch} ({error}):\n{log}") from None
    finally:
        nvrtc.destroyProgram(program)


def _restore_last_byte(code: bytes) -> bytes:
    """Append the zero byte that CuPy's binding cuts off the machine code, taking it for the end of a text.

    The code is an ELF file. It ends with one of two tables; the header says where they start and how long they are. The
    last number of the table is small, so that its highest byte, which comes last, is 0.
    """
    tables = struct.unpack_from("<2Q", code, 32), struct.unpack_from("<4H", code, 54)
    (programs, sections), (program_size, program_count, section_size, section_count) = tables
    return code.ljust(max(programs + program_size * program_count, sections + section_size * section_count), b"\0")


def _nvrtc() -> Any:
    """Return CuPy's private binding of NVRTC; the public functions need a driver even to compile."""
    import cupy  # noqa: F401 - finds the libraries that came as wheels

    try:
        from cupy_backends.cuda.libs import nvrtc

        for name in ("createProgram", "compileProgram", "getCUBIN", "getPTX", "getProgramLog", "destroyProgram"):
            getattr(nvrtc, name)
    except (ImportError, AttributeError) as error:
        raise ImportError(f"this CuPy has no binding of NVRTC as CuPy 14 has it ({error}): install CuPy 14") from error
    return nvrtc
