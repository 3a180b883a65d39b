"""Tensors of unusual shape among the others: with no entries, and with no axes."""

from momoracle.ports.behaviours.bench import SHAPES, Bench, all_of, column, compared
from momoracle.ports.processes.child import Answer


def zero_size(bench: Bench) -> Answer:
    """Carry a tensor without entries along; it changes nothing for the others."""
    expected = bench.run(bench.input())
    observed = bench.run(bench.input((*SHAPES, (0, 2))))
    last = observed[-1][-1]
    if last.shape != (0, 2):
        return Answer("broken", f"a tensor of shape (0, 2) came back with shape {last.shape}")
    return compared(bench, "the other tensors with and without it", expected, column(observed, *range(len(SHAPES))))


def zero_dimensional(bench: Bench) -> Answer:
    """Step a tensor of shape () beside one of shape (1,)."""
    as_vector = bench.run(bench.input((*SHAPES, (1,))))
    as_scalar = bench.run(bench.input((*SHAPES, ())))
    last = as_scalar[-1][-1]
    if last.shape != ():
        return Answer("broken", f"a tensor of shape () came back with shape {last.shape}")
    reshaped = [[*step[:-1], step[-1].reshape(1)] for step in as_scalar]
    others = range(len(SHAPES))
    return all_of(
        [
            compared(bench, "the tensor of shape () against shape (1,)", column(as_vector, -1), column(reshaped, -1)),
            compared(bench, "the other tensors", column(as_vector, *others), column(reshaped, *others)),
        ]
    )
