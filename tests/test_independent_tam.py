"""The independent TAM against closed forms, so that it is itself checked before it checks anything."""

from collections.abc import Iterator

import pytest
from mpmath import mpf, sqrt, workdps
from support.independent import Setting, rerun
from support.laws import DIGITS, NOISE, SHAPES, all_near, joined, near, problem


@pytest.fixture(autouse=True)
def _precise() -> Iterator[None]:
    with workdps(DIGITS):
        yield


@pytest.mark.parametrize("per_tensor", [True, False])
def test_damping_bounds(per_tensor: bool) -> None:  # T1
    params, steps = problem(10)
    settings: dict[str, Setting] = {"lr": 0.1, "beta": 0.9, "gamma": 0.9, "eps": 1e-8, "per_tensor": per_tensor}
    for t, r in enumerate(rerun("tam", settings, params, steps), 1):
        room = mpf(0.9) ** (t - 1)  # sharper than T1 by one power, because the first cosine is always 0
        assert len(r["cosine"]) == (len(SHAPES) if per_tensor else 1)
        assert all(abs(s) <= 1 + NOISE for s in joined(r["cosine"]))
        assert all(abs(s) <= 1 - room + NOISE for s in joined(r["cosine_average"]))
        assert all(room / 2 - NOISE <= d <= 1 - room / 2 + NOISE for d in joined(r["damping"]))


@pytest.mark.parametrize(("beta", "gamma"), [(0.9, 0.5), (0.5, 0.9), (0.9, 0.9)])
def test_constant_gradient(beta: float, gamma: float) -> None:  # T4
    params, ((loss, g), *_) = problem(11)
    settings: dict[str, Setting] = {"lr": 0.1, "beta": beta, "gamma": gamma, "eps": 1e-8}
    b, c = mpf(beta), mpf(gamma)
    for t, r in enumerate(rerun("tam", settings, params, [(loss, g)] * 40), 1):
        assert [len(part) for part in r["damping"]] == [1] * len(SHAPES)  # per tensor, unless told otherwise
        assert all(near(d, 1 - c ** (t - 1) / 2) for d in joined(r["damping"]))
        mixed = t * b ** (t - 1) if b == c else (b**t - c**t) / (b - c)
        factor = (1 + mpf(1e-8)) * (1 - b**t) / (1 - b) - mixed / 2
        assert all_near(r["momentum"], [[factor * entry for entry in tensor] for tensor in g])


def test_adatam_divides_tam_s_momentum_by_the_root_mean_square() -> None:  # 2.1
    params, steps = problem(12)
    common: dict[str, Setting] = {"lr": 0.1, "gamma": 0.8, "eps": 1e-3}
    plain = rerun("tam", common | {"beta": 0.9}, params, steps)
    x, v = joined(params), [mpf(0)] * sum(SHAPES)
    adaptive: dict[str, Setting] = common | {"beta1": 0.9, "beta2": 0.99}
    both = zip(steps, plain, rerun("adatamw", adaptive | {"weight_decay": 0.5}, params, steps), strict=True)
    for (_, g), p, r in both:
        assert all_near(r["momentum"], p["momentum"])  # open loop: the same gradients, so the same momentum
        v = [mpf(0.99) * a + (1 - mpf(0.99)) * b**2 for a, b in zip(v, joined(g), strict=True)]
        shrunk = [(1 - mpf(0.1) * mpf(0.5)) * entry for entry in x]
        ratios = zip(shrunk, joined(p["momentum"]), v, strict=True)
        x = [a - mpf(0.1) * m / (sqrt(w) + mpf(1e-3)) for a, m, w in ratios]
        assert all_near([x], [joined(r["params"])])


# With γ = 1 the average ŝ never leaves 0 and the damping is ½: what remains is a known method at lr (½ + ε).
HALF: dict[str, Setting] = {"lr": 2.0**-6, "gamma": 1.0, "eps": 2.0**-10}
SLOWED = 2.0**-6 * (0.5 + 2.0**-10)


def test_constant_damping_leaves_heavy_ball() -> None:
    params, steps = problem(13)
    ours = rerun("tam", HALF | {"beta": 0.9, "weight_decay": 0.3}, params, steps)
    known = rerun("sgdm", {"lr": SLOWED, "beta": 0.9, "weight_decay": 0.3}, params, steps)
    assert all(all_near(a["params"], b["params"]) for a, b in zip(ours, known, strict=True))


def test_constant_damping_averaging_and_correction_leave_adam() -> None:
    params, steps = problem(14)
    shared: dict[str, Setting] = {"beta1": 0.9, "beta2": 0.99}
    switches: dict[str, Setting] = {"averaged_momentum": True, "bias_correction": True}
    ours = rerun("adatam", HALF | shared | switches, params, steps)
    known = rerun("adam", shared | {"lr": SLOWED, "eps": 2.0**-10}, params, steps)
    assert all(all_near(a["params"], b["params"]) for a, b in zip(ours, known, strict=True))
