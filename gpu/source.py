"""Assemble the source of a kernel: a ``.cu`` file with its includes in one text, so that a compiler needs no folder."""

import re
from functools import cache
from importlib.resources import files

KERNELS = ("momo", "momo_adam", "tam", "adatam")
_INCLUDE = re.compile(r'^#include "([\w.]+)"$', re.MULTILINE)


@cache
def source(kernel: str) -> str:
    """Return the whole text of one of `KERNELS`; messages of compilers still name the file and line.

    It needs two definitions: ``THREADS``, a power of two, how many threads a block has; and ``BINS``, 5 where an array
    is float64, else 1 (``sums.cuh`` says why).

    >>> "__global__" in source("momo") and "#include" not in source("momo")
    True
    """
    return _file(f"{kernel}.cu")


def _file(name: str) -> str:
    text = files("momoracle.gpu.kernels").joinpath(name).read_text(encoding="utf-8")

    def insert_file(match: re.Match[str]) -> str:
        after = text[: match.start()].count("\n") + 2
        return f'{_file(match[1])}#line {after} "{name}"'

    return f'#line 1 "{name}"\n{_INCLUDE.sub(insert_file, text)}'
