"""Wrong ports that share no code with the departures: what is planted by hand is what the explanation finds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support import plain_ports

from momoracle.ports.diagnosis.propose import LONG, propose
from momoracle.ports.diagnosis.replay import Replay, table
from momoracle.ports.running.method_port import observe
from momoracle.reference.golden.files import load


class MoMo(plain_ports.MoMo):
    """With its gradient and its decay open to change."""

    def __init__(self) -> None:
        super().__init__(plain_ports.pairwise, True, True)


class DecayLinear(MoMo):
    """(1 − αλ) x − τ d."""

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        before = [x.copy() for x in self.x]
        super().step(grads, loss)
        decay, one = self.lr() * self.dtype(self.h["weight_decay"]), self.dtype(1)
        moved = [x - after * (one + decay) for x, after in zip(before, self.x, strict=True)]
        self.x = [(one - decay) * x - step for x, step in zip(before, moved, strict=True)]
        return self.out()


class DecayCoupled(MoMo):
    """λ x in the gradient, and nowhere else."""

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        decay = self.dtype(self.h["weight_decay"])
        coupled = [g + decay * x.reshape(g.shape) for g, x in zip(grads, self.x, strict=True)]
        self.h, given = {**self.h, "weight_decay": 0.0}, self.h
        result = super().step(coupled, loss)
        self.h = given
        return result


class EpsInRoot(plain_ports.Port):
    """Adam with √(v̂ + ε)."""

    def __init__(self) -> None:
        super().__init__(plain_ports.backwards, True, True)

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        h, c1, c2 = self.h, 1 - self.h["beta1"] ** self.k, 1 - self.h["beta2"] ** self.k
        for i, grad in enumerate(grads):
            g = grad.reshape(-1) + self.dtype(h["weight_decay"]) * self.x[i]
            self.m[i] = self.average(h["beta1"], self.m[i], g)
            self.v[i] = self.average(h["beta2"], self.v[i], g * g)
            root = np.sqrt(self.v[i] / self.dtype(c2) + self.dtype(h["eps"]))
            self.x[i] = self.minus(self.x[i], self.lr() / self.dtype(c1), self.m[i] / root)
        return self.out()


class Torque(plain_ports.Port):
    """TAM that holds nothing to T1's bounds, with its average of cosines open to change."""

    starts_at_gradient = False

    def __init__(self) -> None:
        super().__init__(plain_ports.pairwise, False, True)

    def averaged(self, old: Any, s: Any) -> tuple[Any, Any]:
        """Return ŝ as it is kept, and as the damping takes it."""
        raise NotImplementedError

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        h = self.h
        for i, grad in enumerate(grads):
            g = grad.reshape(-1) + self.dtype(h["weight_decay"]) * self.x[i]
            if self.k == 1 and self.starts_at_gradient:
                self.m[i] = g.copy()
            norms = [np.sqrt(self.add(z * z)) for z in (self.m[i], g)]
            unit = [z / norm if norm else np.zeros_like(z) for z, norm in zip((self.m[i], g), norms, strict=True)]
            self.s[i], taken = self.averaged(self.s[i], self.add(unit[0] * unit[1]))
            self.m[i] = self.dtype(h["beta"]) * self.m[i] + ((1 + taken) / 2 + self.dtype(h["eps"])) * g
            self.x[i] = self.minus(self.x[i], self.lr(), self.m[i])
        return self.out()


class WeightsSwapped(Torque):
    starts_at_gradient = True

    def averaged(self, old: Any, s: Any) -> tuple[Any, Any]:
        new = self.average(1 - self.h["gamma"], old, s)
        return new, new


class Memoryless(Torque):
    def averaged(self, old: Any, s: Any) -> tuple[Any, Any]:
        return s, s


class AverageCorrected(Torque):
    def averaged(self, old: Any, s: Any) -> tuple[Any, Any]:
        new = self.average(self.h["gamma"], old, s)
        return new, new / self.dtype(1 - self.h["gamma"] ** self.k)


@pytest.mark.parametrize(
    ("algorithm", "port", "names"),
    [
        ("momo", DecayLinear, ("decay-linear-before",)),
        ("momo", DecayCoupled, ("decay-coupled",)),
        ("adam", EpsInRoot, ("eps-in-root",)),
        ("tam", WeightsSwapped, ("start-at-gradient", "weights-swapped")),
        ("tam", Memoryless, ("memoryless",)),
        ("tam", AverageCorrected, ("average-corrected",)),
    ],
)
def test_it_is_explained(algorithm: str, port: Callable[[], Any], names: tuple[str, ...]) -> None:
    content = load(algorithm)
    vectors = [v for v in content.vectors if content.kind(v) == "core" and len(v.steps) <= LONG]
    with np.errstate(all="ignore"):
        seen = [table(vector, observe(port(), vector, buffers=False)) for vector in vectors]
    found = propose(Replay(algorithm, vectors), seen)
    assert (found.departures, found.others) == (names, ())
