"""The dtypes of parameters and buffers over a run, in narrow floats and with several in one run."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from momoracle.ports.behaviours.bench import SHAPES, Bench, Input, NotApplicable
from momoracle.ports.running.messages import Answer
from momoracle.ports.running.run_vector import copy_arrays


def float16(bench: Bench) -> Answer:
    """All parameters in float16."""
    return _kept(bench, ["float16"] * len(SHAPES))


def bfloat16(bench: Bench) -> Answer:
    """All parameters in bfloat16."""
    return _kept(bench, ["bfloat16"] * len(SHAPES))


def mixed(bench: Bench) -> Answer:
    """One parameter in float32, the others narrower: in bfloat16, or where NumPy has none in float16."""
    return _kept(bench, ["float32"] + ["float16" if bench.adapter == "" else "bfloat16"] * (len(SHAPES) - 1))


def _kept(bench: Bench, dtypes: list[str]) -> Answer:
    """Run in these dtypes and watch those of every parameter and buffer after each step."""
    make, data = maker(bench, dtypes)
    port = bench.begin(data, make())
    seen: dict[str, list[str]] = {}
    for k, (grads, loss) in enumerate(zip(data.grads, data.losses, strict=True), start=1):
        params = port.step(copy_arrays(grads), loss)
        if not all(bool(np.isfinite(param.astype(np.float32)).all()) for param in params):
            return Answer("broken", f"step {k} in {_set(dtypes)} gave parameters that are not finite")
        for name, dtype in dtypes_of(port, params).items():
            seen.setdefault(name, []).append(dtype)
            if dtype != seen[name][0]:
                return Answer("broken", f"{name} was {seen[name][0]}, and is {dtype} after step {k}")
    wrong = [f"params[{i}]" for i, dtype in enumerate(dtypes) if seen[f"params[{i}]"][0] != dtype]
    if wrong:
        return Answer(
            "broken", f"{wrong[0]} came back as {seen[wrong[0]][0]}; it was given as {dtypes[int(wrong[0][7:-1])]}"
        )
    buffers = {dtype for name, kinds in seen.items() if not name.startswith("params[") for dtype in kinds}
    held = f"buffers in {_set(buffers)}" if buffers else "no buffer to be seen"
    return Answer("holds", f"{len(data.losses)} steps: parameters in {_set(dtypes)}, {held}; none changed")


def maker(bench: Bench, dtypes: Sequence[str]) -> tuple[Callable[[], Any], Input]:
    """Return what makes ports that run in these dtypes, one a tensor, and the input to run them on."""
    if bench.adapter == "torch":
        port: Any = bench.factory()
        return lambda: port.like(dtypes=dtypes), bench.input(dtype="float32")
    return bench.factory, bench.input(dtype=[_numpy(bench, dtype) for dtype in dtypes])


def _numpy(bench: Bench, dtype: str) -> Any:
    if dtype != "bfloat16":
        return np.dtype(dtype)
    if bench.adapter == "":
        raise NotApplicable("NumPy has no bfloat16")
    try:
        import ml_dtypes
    except ImportError as error:  # JAX brings it; Keras does not
        raise NotApplicable(f"bfloat16 arrays need ml_dtypes: {error}") from error
    return np.dtype(ml_dtypes.bfloat16)


def dtypes_of(port: Any, params: Sequence[Any]) -> dict[str, str]:
    """Return the dtype of every parameter and of every buffer that can be seen, by name."""
    of_adapter: Callable[[], dict[str, str]] | None = getattr(port, "dtypes", None)
    if of_adapter is not None:
        return of_adapter()
    dtypes = {f"params[{i}]": str(param.dtype) for i, param in enumerate(params)}
    state = port.state() if callable(getattr(port, "state", None)) else {}
    for name, held in state.items():
        parts = held if isinstance(held, list | tuple) else [held]
        dtypes |= {f"{name}[{i}]": str(np.asarray(part).dtype) for i, part in enumerate(parts)}
    return dtypes


def _set(dtypes: Any) -> str:
    return " and ".join(sorted(set(dtypes)))
