"""Scripts and reductions of cases: few lines, numbers that read back the same, and nothing left to take away."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from momoracle.ports import NotOffered, PortError, Schedule
from momoracle.ports.adapters.port_spec import PortSpec
from momoracle.ports.search.reduction import reduce_case, simpler, size
from momoracle.ports.search.script import deviation_script, start
from momoracle.reference import MoMo
from momoracle.reference.golden.cases import Case, Maker

Ports = Callable[[str], str]
PORT = PortSpec("a.py:Port", "", "a.py", "Port")


def large(dtype: str, **chosen: Any) -> Case:
    make = Maker("momo", dtype)
    return make.draw("case", "", (), shapes=((2, 2), (), (3,)), steps=4, **{"lr": (0.3, 0.1, 1 / 3, 0.0), **chosen})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_script_holds_the_case(dtype: str) -> None:
    case = large(dtype, weight_decay=0.1, lower_bound=float("-inf"))
    script = deviation_script(case, PORT, 4, (0, (1, 0)), 0.1, 1e-17)
    lines = script.splitlines()
    assert len(lines) <= 15
    held = {"np": np, "Schedule": Schedule, "float": float}
    for name in ("settings", "params", "steps"):
        (line,) = (line for line in lines if line.startswith(f"{name} = ") and "astype" not in line)
        exec(line, held)
    settings: Any = held["settings"]
    params: Any = held["params"]
    steps: Any = held["steps"]
    assert settings == {"lr": Schedule((0.3, 0.1, 1 / 3, 0.0)), "weight_decay": 0.1, "lower_bound": float("-inf")}
    assert MoMo(**settings).weight_decay == 0.1
    told = [params, *(grads for _, grads in steps)]
    for arrays, given in zip(told, (case.params, *case.grads), strict=True):
        for array, want in zip(arrays, given, strict=True):
            assert (array.shape, array.dtype, array.tobytes()) == (want.shape, want.dtype, want.tobytes())
    assert tuple(loss for loss, _ in steps) == case.losses


def test_numbers_are_the_shortest_that_read_back_the_same() -> None:
    case = Maker("sgd", "float32").prescribe("", "", (), [[0.1, 1e-9, -0.0]], [1.0], [[[1 / 3, 2.0, 1e10]]], lr=0.1)
    script = deviation_script(case, PORT, 1, (0, (0,)), 0.1, 1e-9)
    assert "np.array([0.1, 1e-09, -0.0], 'float32')" in script
    assert "np.array([0.33333334, 2.0, 10000000000.0], 'float32')" in script


def test_start_begins_a_port_as_a_check_does(sgd_port: Ports) -> None:
    given = [np.array([1.0])]
    port = start(sgd_port("OtherNames"), "sgd", given, lr=0.5)  # the weight decay is the paper's
    assert port.step([np.array([1.0])], 1.0)[0].tolist() == [0.5]
    assert given[0].tolist() == [1.0]
    with pytest.raises(NotOffered, match="weight_decay"):
        start(sgd_port("NoDecay"), "sgd", given, lr=0.5, weight_decay=0.25)
    with pytest.raises(PortError, match="has no 'Absent'"):
        start(sgd_port("Absent"), "sgd", given, lr=0.5)


def test_a_case_is_reduced_to_what_matters() -> None:
    def fails(case: Case) -> bool:
        return any(abs(g).max(initial=0) > 0.5 for step in case.grads for g in step)

    least = reduce_case(large("float32", beta=0.99, estimate_lower_bound=True), fails)
    assert least.dtype == "float64"
    assert least.hyperparameters == {**Maker("momo", "float64").hyperparameters(), "lr": 1.0}
    assert [z.tolist() for z in least.params] == [[0.0]]
    assert [[g.tolist() for g in step] for step in least.grads] == [[[1.0]]]
    assert least.losses == (0.0,)


def test_what_matters_stays() -> None:
    def fails(case: Case) -> bool:
        entries = [z for array in case.grads[-1] for z in array.reshape(-1)]
        several = len(case.losses) > 1 and len(case.params) > 1 and case.dtype == "float32"
        return several and case.hyperparameters["weight_decay"] != 0 and sum(z != 0 for z in entries) > 2

    least = reduce_case(large("float32", weight_decay=0.3), fails)
    assert fails(least)
    assert not any(fails(one) for one in simpler(least) if size(one) < size(least))
    assert (len(least.losses), len(least.params), sum(z.size for z in least.params)) == (2, 2, 3)
    assert {z.tobytes() for z in least.params} <= {np.zeros(n, "float32").tobytes() for n in (1, 2)}
    assert least.hyperparameters["weight_decay"] == 1.0


def test_an_error_ends_the_reduction() -> None:
    class OutOfTimeError(Exception):
        pass

    tried = []

    def fails(case: Case) -> bool:
        tried.append(case)
        if len(tried) == 3:
            raise OutOfTimeError
        return True

    with pytest.raises(OutOfTimeError):
        reduce_case(large("float64"), fails)
    assert size(tried[0]) < size(large("float64"))
