"""A counterexample as a script: at most 15 lines that a port's author can paste and run."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from momoracle.ports.adapters.loading import load
from momoracle.ports.adapters.port_arguments import start_arguments
from momoracle.ports.adapters.port_spec import PortSpec, Setting, parse_port
from momoracle.ports.protocol import Port
from momoracle.ports.running.run_vector import choose_arguments
from momoracle.ports.search.cases import changed_settings
from momoracle.reference.frame.registry import is_own, method_of
from momoracle.reference.golden.cases import Case, Maker
from momoracle.reference.golden.vectors import FloatArray

# What is asserted where a port breaks the protocol; an error of its own needs no assertion.
_ASSERTIONS = {
    "wrong_shape": "assert [np.shape(z) for z in observed] == [z.shape for z in params], 'wrong shapes'",
    "dtype_change": "assert all(z.dtype == start_dtype for z in observed), 'another dtype'",
    "mutated_gradients": "assert repr(lent) == repr(grads), 'the port changed its gradients'",
    "nan": "assert not any(np.isnan(z).any() for z in observed), 'NaN'",
}


def start(
    port: str,
    algorithm: str,
    params: list[FloatArray],
    own: Mapping[str, Setting] | None = None,
    names: Mapping[str, str] | None = None,
    **hyperparameters: Any,
) -> Port:
    """Load a PORT of the command line and start it on copies of ``params``, as a check does.

    ``own`` and ``names`` are what ``--set`` and ``--name`` say. Hyperparameters are momoracle's; those that are not
    given are the paper's. The framework is set up for the dtype of
    ``params``, for the whole process.

    Raises:
        PortError: ``port`` is wrong, or the port cannot be loaded.
        NotOffered: the port lacks a feature that a hyperparameter asks for.
    """
    dtype = str(params[0].dtype)
    spec = parse_port(port, own, names)
    started = load(spec, algorithm, dtype)()
    settings = {**Maker(algorithm, dtype).hyperparameters(), **hyperparameters}
    arguments = choose_arguments(started, start_arguments(spec, algorithm), settings)
    started.start([np.array(z) for z in params], **arguments)
    return started


def deviation_script(
    case: Case, spec: PortSpec, step: int, place: tuple[int, tuple[int, ...]], expected: float, tolerance: float
) -> str:
    """Return the script that compares one entry of the parameters, tensor and index, after ``step``."""
    tensor, index = place
    entry = f"[{tensor}]" + (f"[{', '.join(map(str, index))}]" if index else "")
    exact = f'"exact", {expected!r}, "tolerance", {tolerance!r}'
    ending = [
        f'print("port", observed{entry}, "reference", params{entry}, {exact})',
        f"assert abs(float(observed{entry}) - {expected!r}) <= {tolerance!r}, 'the port deviates'",
    ]
    return "\n".join([*_beginning(case, spec, step), *ending]) + "\n"


def incident_script(case: Case, spec: PortSpec, step: int, kind: str) -> str:
    """Return the script that shows a port breaking the protocol, or failing, in ``step`` (0 is its start)."""
    ending = ['print("port", observed, "reference", params)', *filter(None, [_ASSERTIONS.get(kind)])]
    lines = [*_beginning(case, spec, max(step, 1)), *ending]
    return "\n".join(lines).replace("start_dtype", repr(case.dtype)) + "\n"


def _beginning(case: Case, spec: PortSpec, steps: int) -> list[str]:
    method = method_of(case.algorithm).__name__
    chosen = changed_settings(case)
    changing, narrow = isinstance(chosen["lr"], tuple), case.dtype != "float64"
    pairs = [f"({loss!r}, {_arrays(g)})" for loss, g in zip(case.losses[:steps], case.grads[:steps], strict=True)]
    return [
        "import numpy as np",
        _import_line(case.algorithm, method),
        *(["from momoracle.ports import Schedule"] if changing else []),
        "from momoracle.ports.search.script import start",
        f"settings = dict({', '.join(f'{name}={_setting(value)}' for name, value in chosen.items())})",
        f"params = {_arrays(case.params)}",
        f"steps = [{', '.join(pairs)}]  # loss, gradients",
        f"port = start({spec.text!r}, {case.algorithm!r}, params, {_own(spec)}**settings)",
        *(["params = [z.astype(float) for z in params]  # the reference has digits to spare"] if narrow else []),
        f"method = {method}(**settings); state = method.init(params)",
        "for loss, grads in steps:",
        "    lent = [g.copy() for g in grads]; observed = port.step(lent, loss)",
        "    wide = [g.astype(float) for g in grads]; params, state, _ = method.step(params, wide, state, loss)",
    ]


def _import_line(algorithm: str, method: str) -> str:
    if is_own(algorithm):
        return f"from momoracle import {method}"
    return f"from momoracle.reference import method_of; {method} = method_of({algorithm!r})"


def _own(spec: PortSpec) -> str:
    parts = {"own": dict(spec.settings), "names": dict(spec.names)}
    return "".join(f"{name}={value!r}, " for name, value in parts.items() if value)


def _setting(value: Any) -> str:
    if isinstance(value, tuple):
        return f"Schedule({value!r})"
    return repr(value) if np.isfinite(value) else f"float({str(value)!r})"


def _arrays(arrays: tuple[FloatArray, ...]) -> str:
    return f"[{', '.join(map(_array, arrays))}]"


def _array(array: FloatArray) -> str:
    dtype = "" if array.dtype == np.float64 else f", {str(array.dtype)!r}"
    return f"np.array({_nested(array)}{dtype})"


def _nested(array: FloatArray) -> str:
    """Return the numbers as nested lists, each in the shortest decimals that its dtype reads back the same."""
    if array.ndim:
        return f"[{', '.join(_nested(part) for part in array)}]"
    short = float(str(array))
    return repr(short if array.dtype.type(short) == array else float(array))
