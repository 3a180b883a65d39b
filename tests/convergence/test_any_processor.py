"""What a run computes is the same bits whatever the processor, but for losses with exponentials and logarithms."""

import pytest
from support import kernels

PLAYED = kernels.environments()
pytestmark = pytest.mark.skipif(not PLAYED, reason="needs an x86-64 processor, which can play older ones")

#: NumPy takes exponentials and logarithms from another library where there is AVX512
TRANSCENDENTAL = ("logistic, float64", "logistic, float32")


def test_every_problem_runs_to_the_same_bits() -> None:
    digests = {name: kernels.run("support.problem_digests", environment) for name, environment in PLAYED.items()}
    expected = next(iter(digests.values()))
    for name, digest in digests.items():
        assert [run for run in digest if digest[run] != expected[run] and run not in TRANSCENDENTAL] == [], name
