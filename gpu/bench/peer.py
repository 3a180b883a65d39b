"""What the benchmark calls: a step of ours or of another package, and how to wait for it."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

Step: TypeAlias = Callable[[], Any]


class Peer(NamedTuple):
    """A step of another package on fresh float32 arrays.

    Attributes:
        step: takes one step.
        wait: waits for the last step, where it runs on a stream that our clock cannot time; else None.
    """

    step: Step
    wait: Step | None = None

    def step_and_wait(self) -> None:
        """Take a step, and wait for it if the peer has a wait of its own."""
        self.step()
        if self.wait is not None:
            self.wait()
