"""Check that a run which is saved, restored and gone on with is the run that was not interrupted."""

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

from momoracle.ports.behaviours.bench import SHAPES, Bench, Input, bytes_of, largest_difference
from momoracle.ports.behaviours.dtypes import dtypes_of, maker
from momoracle.ports.protocol import NotOffered, Restorable
from momoracle.ports.running.messages import Answer
from momoracle.ports.running.run_vector import copy_arrays

STOPS = (1, 4)
SAVED = 4  # steps before the one save in bfloat16


def through_memory(bench: Bench) -> Answer:
    """Hand what is saved to a new port as it is."""
    return _restored(bench, lambda saved: saved, copy.deepcopy, "copied")


def through_bytes(bench: Bench) -> Answer:
    """Write what is saved to bytes and read it back."""
    written = _torch_bytes if bench.adapter == "torch" else _pickled
    return _restored(bench, written, _pickled, "pickled")


def in_bfloat16(bench: Bench) -> Answer:
    """Save and restore with narrow parameters: their buffers may be wider, and are to stay so."""
    make, data = maker(bench, ["bfloat16"] * len(SHAPES))
    expected = bench.run(data, make())
    before, after = data.steps(range(SAVED)), data.steps(range(SAVED, len(data.losses)))
    port = bench.begin(data, make())
    at = list(bench.steps(port, before))[-1]
    seen = dtypes_of(port, at)
    other: Any = make()
    other.restore(copy_arrays(at), port.save(), **bench.arguments(other, data))
    observed = list(bench.steps(other, after))
    changed = [name for name, dtype in dtypes_of(other, at).items() if seen.get(name, dtype) != dtype]
    if changed:
        now = dtypes_of(other, at)[changed[0]]
        return Answer("broken", f"{changed[0]} was {seen[changed[0]]}, and is {now} after it was restored")
    if bytes_of(observed) != bytes_of(expected[SAVED:]):
        return Answer("broken", f"the runs come {largest_difference(expected[SAVED:], observed):.2g} apart")
    return Answer("holds", f"{len(seen)} dtypes are as they were, and {len(observed)} steps the same to the bit")


def _restored(bench: Bench, carry: Callable[[Any], Any], carry_whole: Callable[[Any], Any], how: str) -> Answer:
    data = bench.decayed(bench.input())
    expected = bench.run(data)
    size = 0
    for stop in STOPS:
        before, after = data.steps(range(stop)), data.steps(range(stop, len(data.losses)))
        port = bench.begin(data)
        saved_at = copy_arrays(list(bench.steps(port, before))[-1])
        if isinstance(port, Restorable):
            other, way = _by_protocol(bench, data, port, saved_at, carry), "saved"
        else:
            other, way = _whole(port, carry_whole, how), how
        elsewhere = bench.input(name="other").steps(range(len(after.losses)))
        assert list(bench.steps(port, elsewhere))  # the first port goes on; the other one is to be on its own
        observed = list(bench.steps(other, after))
        if bytes_of(observed) != bytes_of(expected[stop:]):
            first = next(k for k, step in enumerate(observed, stop) if bytes_of([step]) != bytes_of([expected[k]])) + 1
            far = largest_difference(expected[stop:], observed)
            return Answer(
                "broken", f"{way} after step {stop}: step {first} is another one, and the runs come {far:.2g} apart"
            )
        size += len(bytes_of(observed))
    stops = " and ".join(map(str, STOPS))
    return Answer("holds", f"{way} after steps {stops}: the rest of the run is the same to the bit ({size} bytes)")


def _by_protocol(bench: Bench, data: Input, port: Any, params: Any, carry: Callable[[Any], Any]) -> Any:
    saved = carry(port.save())
    other = bench.factory()
    other.restore(params, saved, **bench.arguments(other, data))  # type: ignore[attr-defined]
    return other


def _whole(port: Any, carry: Callable[[Any], Any], how: str) -> Any:
    try:
        return carry(port)
    except Exception as error:
        raise NotOffered(f"save and restore, and it cannot be {how} ({type(error).__name__})") from error


def _pickled(saved: Any) -> Any:
    return pickle.loads(pickle.dumps(saved))


def _torch_bytes(saved: Any) -> Any:
    import torch

    file = io.BytesIO()
    torch.save(saved, file)
    file.seek(0)
    return torch.load(file, weights_only=False)
