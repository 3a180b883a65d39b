"""Handwritten digits, apart into those that a network learns from and those that it is asked about."""

from dataclasses import dataclass, replace

import numpy as np

from momoracle.convergence.losses.real_data import load_bundled
from momoracle.convergence.problems.problem import Array

CLASSES = 10
HIGHEST = 16  # of a pixel
APART = 5  # every fifth digit is for the test
STREAM = 2**31 + 1  # of a seed's random numbers: no others are drawn from it


@dataclass(frozen=True)
class Digits:
    """Inputs with entries in [0, 1], and labels 0 … 9."""

    train_inputs: Array
    train_labels: Array
    test_inputs: Array
    test_labels: Array

    def mislabel(self, share: float, seed: int = 0) -> "Digits":
        """Return the same digits, of whose training labels a ``share`` in [0, 1] is drawn anew, once and for all.

        >>> (digits().mislabel(share=0.5).train_labels != digits().train_labels).mean() > 0.4
        np.True_
        """
        generator = np.random.default_rng([seed, STREAM])
        wrong = generator.uniform(size=len(self.train_labels)) < share
        anew = generator.integers(CLASSES, size=len(self.train_labels))
        return replace(self, train_labels=np.where(wrong, anew, self.train_labels))

    def first(self, count: int) -> "Digits":
        """Return only the first ``count`` of the digits to learn from; the test stays."""
        return replace(self, train_inputs=self.train_inputs[:count], train_labels=self.train_labels[:count])

    def astype(self, dtype: str) -> "Digits":
        """Return the same digits with inputs in another dtype."""
        return replace(self, train_inputs=self.train_inputs.astype(dtype), test_inputs=self.test_inputs.astype(dtype))


def digits() -> Digits:
    """Return the 1797 digits of 8 × 8 pixels that scikit-learn ships; every fifth is for the test.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed (extra `data`).

    Source: Alpaydin & Kaynak 1998, the digits data, as scikit-learn ships it.

    >>> digits().train_inputs.shape, digits().test_inputs.shape
    ((1437, 64), (360, 64))
    """
    loaded = load_bundled("load_digits")
    inputs, test = loaded.data / HIGHEST, np.arange(len(loaded.data)) % APART == 0
    return Digits(inputs[~test], loaded.target[~test], inputs[test], loaded.target[test])
