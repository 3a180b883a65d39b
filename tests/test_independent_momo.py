"""The independent MoMo against closed forms, so that it is itself checked before it checks anything."""

from collections.abc import Iterator

import pytest
from mpmath import inf, mpf, workdps
from support.independent import Setting, rerun
from support.laws import DIGITS, NOISE, SHAPES, all_near, dot, joined, near, problem, scalar_of


@pytest.fixture(autouse=True)
def _precise() -> Iterator[None]:
    with workdps(DIGITS):
        yield


def test_momo_without_momentum_is_the_capped_polyak_step() -> None:  # M1
    params, steps = problem(1)
    records = rerun("momo", {"lr": 0.3, "beta": 0.0, "lower_bound": 1.0}, params, steps)
    kinds = set()
    for (loss, g), record in zip(steps, records, strict=True):
        polyak = max(mpf(loss) - 1, mpf(0)) / dot(joined(g), joined(g))
        assert near(scalar_of(record, "step_size"), min(mpf(0.3), polyak))
        kinds.add("cap" if polyak > 0.3 else "none" if polyak == 0 else "polyak")
    assert kinds == {"cap", "none", "polyak"}


def test_without_a_lower_bound_momo_adam_is_adam() -> None:  # M1
    params, steps = problem(2)
    shared: dict[str, Setting] = {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    ours = rerun("momo-adam", shared | {"lower_bound": -inf}, params, steps)
    adam = rerun("adam", shared, params, steps)
    assert all(all_near(a["params"], b["params"]) for a, b in zip(ours, adam, strict=True))
    switched: dict[str, Setting] = {"lower_bound": -inf, "weight_decay": 0.1, "decoupled_decay": True}
    decoupled = rerun("momo-adam", shared | switched, params, steps)
    adamw = rerun("adamw", shared | {"weight_decay": 0.1}, params, steps)
    assert all(all_near(a["params"], b["params"]) for a, b in zip(decoupled, adamw, strict=True))


def test_without_a_lower_bound_momo_is_averaged_heavy_ball() -> None:  # M1
    params, steps = problem(3)
    settings: dict[str, Setting] = {"lr": 0.1, "beta": 0.75, "lower_bound": -inf, "bias_correction": True}
    x, m = joined(params), [mpf(0)] * sum(SHAPES)
    for k, ((_, g), record) in enumerate(zip(steps, rerun("momo", settings, params, steps), strict=True), 1):
        m = [mpf(0.75) * a + b / 4 for a, b in zip(m, joined(g), strict=True)]
        x = [a - mpf(0.1) / (1 - mpf(0.75) ** k) * b for a, b in zip(x, m, strict=True)]
        assert all_near([x], [joined(record["params"])])


@pytest.mark.parametrize("corrected", [False, True])
def test_averages_are_the_weighted_sums_of_the_model(corrected: bool) -> None:  # 1.1
    params, steps = problem(4, count=12)
    beta = mpf(0.9)
    records = rerun("momo", {"lr": 0.5, "beta": 0.9, "bias_correction": corrected}, params, steps)
    points = [params, *(record["params"] for record in records)]
    for k, record in enumerate(records, 1):
        weight = [(1 - beta) * beta ** (k - j) for j in range(1, k + 1)]
        if not corrected:
            weight[0] = beta ** (k - 1)
        assert near(scalar_of(record, "weight_sum"), sum(weight))
        assert near(
            scalar_of(record, "loss_average"), sum(w * mpf(f) for w, (f, _) in zip(weight, steps, strict=False))
        )
        moved = [(w, joined(g), joined(x)) for w, (_, g), x in zip(weight, steps, points, strict=False)]
        assert near(scalar_of(record, "offset"), sum(w * dot(g, x) for w, g, x in moved))
        d = [sum(w * g[i] for w, g, _ in moved) for i in range(sum(SHAPES))]
        assert all_near([d], [joined(record["gradient_average"])])


@pytest.mark.parametrize("corrected", [False, True])
def test_untruncated_identity(corrected: bool) -> None:  # M4
    params, steps = problem(5)
    settings: dict[str, Setting] = {"lr": 1e300, "beta": 0.9, "lower_bound": 0.25, "bias_correction": corrected}
    for k, ((f, _), r) in enumerate(zip(steps, rerun("momo", settings, params, steps), strict=True), 1):
        share = 1 if k == 1 and not corrected else 1 - mpf(0.9)
        assert near(scalar_of(r, "model_value") - scalar_of(r, "weight_sum") / 4, share * (mpf(f) - mpf(0.25)))


@pytest.mark.parametrize("corrected", [False, True])
def test_capped_model_value_stays_above_the_identity(corrected: bool) -> None:  # M4, second half
    params, steps = problem(6)
    settings: dict[str, Setting] = {"lr": 0.1, "beta": 0.9, "lower_bound": 0.25, "bias_correction": corrected}
    for (f, _), r in zip(steps, rerun("momo", settings, params, steps), strict=True):
        excess = scalar_of(r, "model_value") - scalar_of(r, "weight_sum") / 4 - (1 - mpf(0.9)) * (mpf(f) - mpf(0.25))
        assert excess >= -NOISE


RECURSIVE: list[tuple[str, dict[str, Setting]]] = [
    ("momo", {"lr": 0.2, "beta": 0.9}),
    ("momo", {"lr": 0.2, "beta": 0.5, "bias_correction": True, "estimate_lower_bound": True}),
    ("momo-adam", {"lr": 0.2, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "lower_bound": 1.0}),
]


@pytest.mark.parametrize(("algorithm", "settings"), RECURSIVE)
def test_model_value_recursion(algorithm: str, settings: dict[str, Setting]) -> None:  # M11
    params, steps = problem(7)
    beta = mpf(settings["beta1" if algorithm == "momo-adam" else "beta"])
    carried = None
    for (f, _), record in zip(steps, rerun(algorithm, settings, params, steps), strict=True):
        h = scalar_of(record, "model_value")
        if carried is None:
            assert near(h, mpf(f) * scalar_of(record, "weight_sum"))
        else:
            assert near(h, (1 - beta) * mpf(f) + beta * carried)
        carried = h - scalar_of(record, "step_size") * scalar_of(record, "direction_norm_sq")


DECAYED: list[tuple[str, dict[str, Setting]]] = [
    ("momo", {"lr": 0.5, "beta": 0.9, "weight_decay": 0.3, "lower_bound": 0.9}),
    ("momo", {"lr": 0.5, "beta": 0.9, "weight_decay": 0.3, "bias_correction": True, "estimate_lower_bound": True}),
    ("momo-adam", {"lr": 0.2, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.3, "lower_bound": 0.8}),
]


@pytest.mark.parametrize(("algorithm", "settings"), DECAYED)
def test_the_step_minimises_the_regularised_model(algorithm: str, settings: dict[str, Setting]) -> None:
    """Check 1.2's optimality condition: 0 = θ d/ρ + D (y − x)/α + λ D y, with θ in [0, 1] fixed by the active piece."""
    params, steps = problem(8)
    lr, lam = mpf(settings["lr"]), mpf(settings["weight_decay"])
    x, seen = joined(params), set()
    for r in rerun(algorithm, settings, params, steps):
        y, d, rho = joined(r["params"]), joined(r["gradient_average"]), scalar_of(r, "weight_sum")
        metric = joined(r["preconditioner"]) if "preconditioner" in r else [mpf(1)] * len(x)
        slope = [-(w * (b - a) / lr + lam * w * b) * rho for a, b, w in zip(x, y, metric, strict=True)]
        theta = dot(slope, d) / dot(d, d)
        assert -NOISE <= theta <= 1 + NOISE
        assert all_near([slope], [[theta * entry for entry in d]])
        model = (scalar_of(r, "loss_average") + dot(d, y) - scalar_of(r, "offset")) / rho
        kink = model - scalar_of(r, "lower_bound")
        assert near(kink, 0) if NOISE < theta < 1 - NOISE else kink * (2 * theta - 1) >= -NOISE
        seen.add("kink" if NOISE < theta < 1 - NOISE else "linear" if theta > 0.5 else "bound")
        x = y
    assert len(seen) >= 2


@pytest.mark.parametrize("decay", [0.0, 0.2])
def test_the_estimated_bound_follows_its_two_rules(decay: float) -> None:  # 1.3, M10
    params, steps = problem(9)
    settings: dict[str, Setting] = {"lr": 0.4, "beta": 0.6, "weight_decay": decay, "lower_bound": 0.1}
    records = rerun("momo", settings | {"estimate_lower_bound": True, "bias_correction": True}, params, steps)
    guess, resets, grow = mpf(0.1), 0, 1 + mpf(0.4) * mpf(decay)
    for r in records:
        rho = scalar_of(r, "weight_sum")
        c = grow * (scalar_of(r, "loss_average") - scalar_of(r, "offset")) + scalar_of(r, "inner_product")
        low = c < grow * rho * guess
        assert near(scalar_of(r, "lower_bound"), max(c / (2 * grow * rho), mpf(0.1)) if low else guess)
        resets += low
        decrease = scalar_of(r, "step_size") * scalar_of(r, "direction_norm_sq") / 2
        guess = max((scalar_of(r, "model_value") - decrease) / rho, mpf(0.1))
    assert resets > 0


def test_a_loss_at_the_estimated_bound_resets_nothing() -> None:  # 1.3: the inequality is strict
    settings: dict[str, Setting] = {"lr": 0.5, "beta": 0.0, "estimate_lower_bound": True}
    _, second = rerun("momo", settings, [[0.0]], [(1.0, [[1.0]]), (0.75, [[1.0]])])
    assert scalar_of(second, "lower_bound") == 0.75
    assert scalar_of(second, "step_size") == 0


@pytest.mark.parametrize("bound", [0.0, -inf])
def test_no_direction_no_step(bound: float) -> None:  # 1.2, convention
    settings: dict[str, Setting] = {"lr": 0.5, "beta": 0.5, "lower_bound": bound, "weight_decay": 2.0}
    still, cancelled = rerun("momo", settings, [[8.0]], [(1.0, [[0.0]]), (1.0, [[0.0]])])
    assert [scalar_of(r, "step_size") for r in (still, cancelled)] == [0, 0]
    assert [scalar_of(r, "params") for r in (still, cancelled)] == [4, 2]  # decay alone


def test_an_unknown_hyperparameter_is_refused() -> None:
    with pytest.raises(ValueError, match="nesterov"):
        rerun("sgd", {"lr": 0.1, "nesterov": True}, [[1.0]], [(0.0, [[1.0]])])
