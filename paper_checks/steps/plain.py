"""Compute the step of every method once more, in plain float64, and how large the terms of each quantity are.

Nothing here is the reference's: lists of arrays, one tensor after another, correctly rounded sums, no tiles. Each
quantity is a pair ``(value, size)``. The size is the sum of the magnitudes that were added up to the value: rounding
errors are small against it, even where the terms cancel and the value itself is small.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Arrays = list[Any]


class Sized(NamedTuple):
    """A quantity, one number or one array a tensor, and the magnitude that its rounding error is relative to."""

    value: Any
    size: Any


class PlainStep(NamedTuple):
    """The result of one step: the new parameters and every quantity of the trace, and what the next step needs."""

    quantities: dict[str, Sized]
    memory: dict[str, Any]


def plain_step(algorithm: str, h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take step k of a method from ``x``.

    Args:
        algorithm: its name.
        h: all hyperparameters by name, with ``lr`` already the rate of this step.
        k: the number of the step, from 1.
        x: the parameters, float64 arrays.
        g: the gradients.
        loss: the loss at x.
        memory: what the last step returned as its ``memory``; None before the first.
    """
    return STEPS[algorithm](h, k, x, g, loss, memory)


def inner(a: Arrays, b: Arrays) -> Sized:
    """Return <a, b> over all tensors, and Σ |a_i b_i|; the sum is correctly rounded."""
    products = [z for u, v in zip(a, b, strict=True) for z in np.ravel(u * v).tolist()]
    return Sized(math.fsum(products), math.fsum(map(abs, products)))


def zeros(x: Arrays) -> Arrays:
    """Return a tensor of zeros for each tensor."""
    return [np.zeros_like(entry) for entry in x]


def average(weight: float, old: Arrays, fresh: float, new: Arrays) -> Arrays:
    """Return weight · old + fresh · new, tensor by tensor."""
    return [weight * a + fresh * b for a, b in zip(old, new, strict=True)]


def sgd(h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take a step of SGD: x − α (g + λ x)."""
    g, size = _with_decay(g, x, h["weight_decay"])
    return PlainStep({"params": _moved(x, h["lr"], g, size)}, {})


def sgdm(h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take a step of SGD with momentum: m ← β m + g + λ x, x − α m."""
    m, m_size = (memory["m"], memory["size"]) if memory else (zeros(x), zeros(x))
    g, size = _with_decay(g, x, h["weight_decay"])
    m, m_size = average(h["beta"], m, 1.0, g), average(h["beta"], m_size, 1.0, size)
    return PlainStep({"params": _moved(x, h["lr"], m, m_size), "momentum": Sized(m, m_size)}, {"m": m, "size": m_size})


def adam(h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take a step of Adam, whose decay is part of the gradient."""
    g, size = _with_decay(g, x, h["weight_decay"])
    return _moments(h, k, x, g, size, memory)


def adamw(h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take a step of AdamW, whose decay shrinks the parameters first."""
    shrunk = [entry - h["lr"] * h["weight_decay"] * entry for entry in x]
    return _moments(h, k, shrunk, g, [np.abs(entry) for entry in g], memory)


def _moments(h: dict[str, Any], k: int, x: Arrays, g: Arrays, size: Arrays, memory: Any) -> PlainStep:
    old = memory or {"m": zeros(x), "size": zeros(x), "v": zeros(x)}
    b1, b2 = h["beta1"], h["beta2"]
    m, m_size = average(b1, old["m"], 1 - b1, g), average(b1, old["size"], 1 - b1, size)
    v = average(b2, old["v"], 1 - b2, [entry * entry for entry in g])
    v_size = average(b2, old.get("v_size", old["v"]), 1 - b2, [entry * entry for entry in size])
    scale = [np.sqrt(entry / (1 - b2**k)) + h["eps"] for entry in v]
    direction = [a / (1 - b1**k) / b for a, b in zip(m, scale, strict=True)]
    reach = [a / (1 - b1**k) / b for a, b in zip(m_size, scale, strict=True)]
    quantities = {
        "params": _moved(x, h["lr"], direction, reach),
        "gradient_average": Sized(m, m_size),
        "second_moment": Sized(v, v_size),
    }
    return PlainStep(quantities, {"m": m, "size": m_size, "v": v, "v_size": v_size})


def momo(h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take a step of MoMo or MoMo*, in the metric of the identity."""
    unit = [np.ones_like(entry) for entry in x]
    plain = not h["bias_correction"]
    return _model(h, k, x, g, loss, memory, h["beta"], plain, lambda memory: (unit, {}, {}))


def momo_adam(h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take a step of MoMo-Adam or MoMo-Adam*, in the metric ε + √v̂."""
    b2 = h["beta2"]

    def metric(memory: dict[str, Any]) -> tuple[Arrays, dict[str, Sized], dict[str, Any]]:
        v = average(b2, memory.get("v", zeros(x)), 1 - b2, [entry * entry for entry in g])
        scale = [np.sqrt(entry / (1 - b2**k)) + h["eps"] for entry in v]
        return scale, {"second_moment": Sized(v, v), "preconditioner": Sized(scale, scale)}, {"v": v}

    return _model(h, k, x, g, loss, memory, h["beta1"], False, metric)


def _model(
    h: dict[str, Any],
    k: int,
    x: Arrays,
    g: Arrays,
    loss: float,
    memory: Any,
    beta: float,
    plain: bool,
    metric: Callable[[dict[str, Any]], tuple[Arrays, dict[str, Sized], dict[str, Any]]],
) -> PlainStep:
    """Take the proximal step on the momentum model; ``plain`` averages count the first sample fully."""
    old = memory or {"d": zeros(x), "size": zeros(x), "f": 0.0, "f_size": 0.0, "gamma": 0.0, "gamma_size": 0.0}
    past, fresh = (0.0 if k == 1 else beta), (1.0 if plain and k == 1 else 1 - beta)
    rate, low, first_low = h["lr"], old.get("low", h["lower_bound"]), h["lower_bound"]
    scale, traced, kept = metric(old)

    d, d_size = average(past, old["d"], fresh, g), average(past, old["size"], fresh, [np.abs(z) for z in g])
    gx, dx = inner(g, x), inner(d, x)
    reach = inner(d_size, [np.abs(z) for z in x]).value  # what rounding of d contributes to <d, x>
    f, f_size = past * old["f"] + fresh * loss, past * old["f_size"] + fresh * abs(loss)
    gamma, gamma_size = past * old["gamma"] + fresh * gx.value, past * old["gamma_size"] + fresh * gx.size
    rho = past * old.get("rho", 0.0) + fresh
    direction = [a / b for a, b in zip(d, scale, strict=True)]
    direction_size = [a / b for a, b in zip(d_size, scale, strict=True)]
    dd = inner(d, direction)
    dd_size = inner(d_size, direction_size).value

    shrink = 1 + rate * h["weight_decay"]
    terms = f_size + gamma_size
    model, model_size = f + dx.value - gamma, terms + reach
    low_size = old.get("low_size", abs(low))
    if h["estimate_lower_bound"]:
        c, c_size = shrink * (f - gamma) + dx.value, shrink * terms + reach
        if c < shrink * rho * low:
            low, low_size = max(c / (2 * shrink * rho), first_low), abs(first_low) + c_size / (2 * shrink * rho)
    if math.isinf(low):  # no bound: the step is the cap
        tau, tau_size = rate / rho, rate / rho
    else:
        top = shrink * (f - gamma - rho * low) + dx.value
        top_size = shrink * (terms + rho * low_size) + reach
        polyak = max(top, 0.0) / dd.value if dd.value > 0 else 0.0
        # The relative errors of top and of ‖d‖² add up in their quotient.
        polyak_size = (top_size + polyak * dd_size) / dd.value if dd.value > 0 else 0.0
        tau, tau_size = (polyak, polyak_size) if polyak < rate / rho else (rate / rho, rate / rho)
    if h.get("decoupled_decay", False):
        before, divisor = [z - rate * h["weight_decay"] * z for z in x], 1.0
    else:
        before, divisor = x, shrink
    moved = [(z - tau * u) / divisor for z, u in zip(before, direction, strict=True)]
    slack = [(tau + tau_size) * np.abs(u) + tau * s for u, s in zip(direction, direction_size, strict=True)]
    following, following_size = low, low_size
    if h["estimate_lower_bound"]:
        following = max((model - tau * dd.value / 2) / rho, first_low)
        following_size = abs(first_low) + (model_size + tau_size * dd.value + tau * dd_size) / rho
    quantities = {
        "params": Sized(moved, slack),
        "loss_average": Sized(f, f_size),
        "gradient_average": Sized(d, d_size),
        "offset": Sized(gamma, gamma_size),
        "weight_sum": Sized(rho, 1.0),
        "inner_product": Sized(dx.value, reach),
        "model_value": Sized(model, model_size),
        "direction_norm_sq": Sized(dd.value, dd_size),
        "lower_bound": Sized(low, low_size),
        "step_size": Sized(tau, tau_size),
        **traced,
    }
    memory = kept | {"d": d, "size": d_size, "f": f, "f_size": f_size, "gamma": gamma, "gamma_size": gamma_size}
    memory |= {"rho": rho, "low": following, "low_size": following_size}
    return PlainStep(quantities, memory)


def tam(h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take a step of TAM, whose decay is part of the gradient."""
    g, size = _with_decay(g, x, h["weight_decay"])
    old = memory or {"m": zeros(x), "size": zeros(x)}
    traced, averages, damping = _turn(h, g, old)
    m = [h["beta"] * a + (h["eps"] + d) * b for a, b, d in zip(old["m"], g, damping, strict=True)]
    m_size = [h["beta"] * a + (2 + h["eps"]) * b for a, b in zip(old["size"], size, strict=True)]
    quantities = {**traced, "momentum": Sized(m, m_size), "params": _moved(x, h["lr"], m, m_size)}
    return PlainStep(quantities, {"m": m, "size": m_size, "averages": averages})


def adatam(h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take a step of AdaTAM with its three conventions."""
    old = memory or {"m": zeros(x), "size": zeros(x), "v": zeros(x)}
    b1, b2 = h["beta1"], h["beta2"]
    traced, averages, damping = _turn(h, g, old)
    share = 1 - b1 if h["averaged_momentum"] else 1.0
    m = [b1 * a + share * (h["eps"] + d) * b for a, b, d in zip(old["m"], g, damping, strict=True)]
    m_size = [b1 * a + share * (2 + h["eps"]) * np.abs(b) for a, b in zip(old["size"], g, strict=True)]
    v = average(b2, old["v"], 1 - b2, [entry * entry for entry in g])
    m_scale, v_scale = (1 - b1**k, 1 - b2**k) if h["bias_correction"] else (1.0, 1.0)
    scale = [np.sqrt(entry / v_scale) + h["eps"] for entry in v]
    direction = [a / m_scale / b for a, b in zip(m, scale, strict=True)]
    reach = [a / m_scale / b for a, b in zip(m_size, scale, strict=True)]
    quantities = {
        **traced,
        "momentum": Sized(m, m_size),
        "second_moment": Sized(v, v),
        "params": _moved(x, h["lr"], direction, reach),
    }
    return PlainStep(quantities, {"m": m, "size": m_size, "v": v, "averages": averages})


def adatamw(h: dict[str, Any], k: int, x: Arrays, g: Arrays, loss: float, memory: Any) -> PlainStep:
    """Take a step of AdaTAMW, whose decay shrinks the parameters first."""
    shrunk = [entry - h["lr"] * h["weight_decay"] * entry for entry in x]
    return adatam(h, k, shrunk, g, loss, memory)


def _turn(h: dict[str, Any], g: Arrays, old: dict[str, Any]) -> tuple[dict[str, Sized], list[float], list[float]]:
    """Return cosine, averaged cosine and damping of each tensor, or the same of all tensors together."""
    blocks = [[i] for i in range(len(g))] if h["per_tensor"] else [list(range(len(g)))]
    before = old.get("averages", [0.0] * len(g))
    cosines, averages, dampings = [0.0] * len(g), [0.0] * len(g), [0.0] * len(g)
    for block in blocks:
        m_part, g_part = [old["m"][i] for i in block], [g[i] for i in block]
        lengths = math.sqrt(inner(m_part, m_part).value) * math.sqrt(inner(g_part, g_part).value)
        cosine = inner(m_part, g_part).value / lengths if lengths > 0 else 0.0
        for i in block:
            cosines[i] = cosine
            averages[i] = h["gamma"] * before[i] + (1 - h["gamma"]) * cosine
            dampings[i] = 0.5 + averages[i] / 2
    named = {"cosine": cosines, "cosine_average": averages, "damping": dampings}
    ones = [1.0] * len(g)
    traced = {name: Sized(z, ones) if h["per_tensor"] else Sized(z[0], 1.0) for name, z in named.items()}
    return traced, averages, dampings


def _with_decay(g: Arrays, x: Arrays, decay: float) -> tuple[Arrays, Arrays]:
    """Return g + λ x, and |g| + λ |x|."""
    total = [a + decay * b for a, b in zip(g, x, strict=True)]
    return total, [np.abs(a) + decay * np.abs(b) for a, b in zip(g, x, strict=True)]


def _moved(x: Arrays, rate: float, direction: Arrays, size: Arrays) -> Sized:
    moved = [a - rate * b for a, b in zip(x, direction, strict=True)]
    return Sized(moved, [rate * b for b in size])


STEPS: dict[str, Callable[..., PlainStep]] = {
    "sgd": sgd,
    "sgdm": sgdm,
    "adam": adam,
    "adamw": adamw,
    "momo": momo,
    "momo-adam": momo_adam,
    "tam": tam,
    "adatam": adatam,
    "adatamw": adatamw,
}
