"""Check tensors of unusual shape among others: with no entries, and with no axes."""

from momoracle.ports.behaviours.bench import SHAPES, Bench, combine_answers, compare_runs, pick_tensors
from momoracle.ports.running.messages import Answer


def zero_size(bench: Bench) -> Answer:
    """Carry a tensor without entries along; it changes nothing for the others."""
    expected = bench.run(bench.input())
    observed = bench.run(bench.input((*SHAPES, (0, 2))))
    last = observed[-1][-1]
    if last.shape != (0, 2):
        return Answer("broken", f"a tensor of shape (0, 2) came back with shape {last.shape}")
    return compare_runs(
        bench, "the other tensors with and without it", expected, pick_tensors(observed, *range(len(SHAPES)))
    )


def zero_dimensional(bench: Bench) -> Answer:
    """Step a tensor of shape () beside one of shape (1,)."""
    as_vector = bench.run(bench.input((*SHAPES, (1,))))
    as_scalar = bench.run(bench.input((*SHAPES, ())))
    last = as_scalar[-1][-1]
    if last.shape != ():
        return Answer("broken", f"a tensor of shape () came back with shape {last.shape}")
    reshaped = [[*step[:-1], step[-1].reshape(1)] for step in as_scalar]

    def compare(what: str, *tensors: int) -> Answer:
        return compare_runs(bench, what, pick_tensors(as_vector, *tensors), pick_tensors(reshaped, *tensors))

    return combine_answers(
        [compare("the tensor of shape () against shape (1,)", -1), compare("the other tensors", *range(len(SHAPES)))]
    )
