"""A step is the same bits whatever the processor: BLAS's kernels and NumPy's vector instructions do not enter it."""

import pytest
from support import kernels

PLAYED = kernels.environments()
pytestmark = pytest.mark.skipif(not PLAYED, reason="needs an x86-64 processor, which can play older ones")


def test_every_method_steps_to_the_same_bits() -> None:
    digests = {name: kernels.run("support.step_digests", environment) for name, environment in PLAYED.items()}
    by_blas = {digest.pop("BLAS") for digest in digests.values()}
    # The control: BLAS itself does differ, so that the kernels were really exchanged.
    assert len(by_blas) > 1 or not kernels.by_openblas()
    expected = next(iter(digests.values()))
    for name, digest in digests.items():
        assert [run for run in digest if digest[run] != expected[run]] == [], name
