"""The independent implementation against closed forms, so that it is itself checked before it checks anything."""

import random
from collections.abc import Iterator

import pytest
from independent import Record, Setting, rerun
from mpmath import inf, mpf, sqrt, workdps

Steps = list[tuple[float, list[list[float]]]]
Params = list[list[float]]
NOISE = mpf(10) ** -360  # identities hold to 400 digits, less what fifty steps of cancellation cost
SHAPES = (1, 3, 2)


@pytest.fixture(autouse=True)
def _precise() -> Iterator[None]:
    with workdps(400):
        yield


def problem(seed: int, count: int = 50) -> tuple[Params, Steps]:
    """Return a start and open-loop losses and gradients that no common problem produces."""
    draw = random.Random(seed)

    def point() -> Params:
        return [[draw.gauss(0, 1) for _ in range(size)] for size in SHAPES]

    return point(), [(draw.uniform(0.5, 3), point()) for _ in range(count)]


def joined(tensors: list[list[mpf]]) -> list[mpf]:
    return [mpf(entry) for tensor in tensors for entry in tensor]


def dot(a: list[mpf], b: list[mpf]) -> mpf:
    return sum((p * q for p, q in zip(a, b, strict=True)), mpf(0))


def one(record: Record, name: str) -> mpf:
    ((value,),) = record[name]
    return value


def near(a: mpf, b: mpf) -> bool:
    return bool(abs(a - b) <= NOISE * (1 + abs(a)))


def all_near(a: list[list[mpf]], b: list[list[mpf]]) -> bool:
    return all(near(p, q) for p, q in zip(joined(a), joined(b), strict=True))


def test_momo_without_momentum_is_the_capped_polyak_step() -> None:  # M1
    params, steps = problem(1)
    records = rerun("momo", {"lr": 0.3, "beta": 0.0, "lower_bound": 1.0}, params, steps)
    kinds = set()
    for (loss, g), record in zip(steps, records, strict=True):
        polyak = max(mpf(loss) - 1, mpf(0)) / dot(joined(g), joined(g))
        assert near(one(record, "step_size"), min(mpf(0.3), polyak))
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
        assert near(one(record, "weight_sum"), sum(weight))
        assert near(one(record, "loss_average"), sum(w * mpf(f) for w, (f, _) in zip(weight, steps, strict=False)))
        moved = [(w, joined(g), joined(x)) for w, (_, g), x in zip(weight, steps, points, strict=False)]
        assert near(one(record, "offset"), sum(w * dot(g, x) for w, g, x in moved))
        d = [sum(w * g[i] for w, g, _ in moved) for i in range(sum(SHAPES))]
        assert all_near([d], [joined(record["gradient_average"])])


@pytest.mark.parametrize("corrected", [False, True])
def test_untruncated_identity(corrected: bool) -> None:  # M4
    params, steps = problem(5)
    settings: dict[str, Setting] = {"lr": 1e300, "beta": 0.9, "lower_bound": 0.25, "bias_correction": corrected}
    for k, ((f, _), r) in enumerate(zip(steps, rerun("momo", settings, params, steps), strict=True), 1):
        share = 1 if k == 1 and not corrected else 1 - mpf(0.9)
        assert near(one(r, "model_value") - one(r, "weight_sum") / 4, share * (mpf(f) - mpf(0.25)))


@pytest.mark.parametrize("corrected", [False, True])
def test_capped_model_value_stays_above_the_identity(corrected: bool) -> None:  # M4, second half
    params, steps = problem(6)
    settings: dict[str, Setting] = {"lr": 0.1, "beta": 0.9, "lower_bound": 0.25, "bias_correction": corrected}
    for (f, _), r in zip(steps, rerun("momo", settings, params, steps), strict=True):
        excess = one(r, "model_value") - one(r, "weight_sum") / 4 - (1 - mpf(0.9)) * (mpf(f) - mpf(0.25))
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
        h = one(record, "model_value")
        if carried is None:
            assert near(h, mpf(f) * one(record, "weight_sum"))
        else:
            assert near(h, (1 - beta) * mpf(f) + beta * carried)
        carried = h - one(record, "step_size") * one(record, "direction_norm_sq")


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
        y, d, rho = joined(r["params"]), joined(r["gradient_average"]), one(r, "weight_sum")
        metric = joined(r["preconditioner"]) if "preconditioner" in r else [mpf(1)] * len(x)
        slope = [-(w * (b - a) / lr + lam * w * b) * rho for a, b, w in zip(x, y, metric, strict=True)]
        theta = dot(slope, d) / dot(d, d)
        assert -NOISE <= theta <= 1 + NOISE
        assert all_near([slope], [[theta * entry for entry in d]])
        model = (one(r, "loss_average") + dot(d, y) - one(r, "offset")) / rho
        kink = model - one(r, "lower_bound")
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
        rho = one(r, "weight_sum")
        c = grow * (one(r, "loss_average") - one(r, "offset")) + one(r, "inner_product")
        low = c < grow * rho * guess
        assert near(one(r, "lower_bound"), max(c / (2 * grow * rho), mpf(0.1)) if low else guess)
        resets += low
        decrease = one(r, "step_size") * one(r, "direction_norm_sq") / 2
        guess = max((one(r, "model_value") - decrease) / rho, mpf(0.1))
    assert resets > 0


@pytest.mark.parametrize("per_tensor", [True, False])
def test_damping_bounds(per_tensor: bool) -> None:  # T1
    params, steps = problem(10)
    settings: dict[str, Setting] = {"lr": 0.1, "beta": 0.9, "gamma": 0.9, "eps": 1e-8, "per_tensor": per_tensor}
    for t, r in enumerate(rerun("tam", settings, params, steps), 1):
        room = mpf(0.9) ** t
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
