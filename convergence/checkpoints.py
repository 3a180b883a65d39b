"""The steps at which a run is looked at: evenly spaced in logarithm, so that their number grows like log K."""

import numpy as np

PER_OCTAVE = 4


def checkpoints(steps: int, per_octave: int = PER_OCTAVE) -> list[int]:
    """Return increasing step numbers from 1 to ``steps``, both among them.

    Raises:
        ValueError: steps or per_octave is below 1.

    >>> checkpoints(10, per_octave=1)
    [1, 2, 4, 8, 10]
    """
    if steps < 1 or per_octave < 1:
        raise ValueError(f"steps is {steps} and per_octave {per_octave}; allowed: integers >= 1")
    octaves = np.arange(int(np.log2(steps) * per_octave) + 1) / per_octave
    return sorted({*(int(step) for step in np.round(2.0**octaves) if step <= steps), steps})
