"""A second implementation of the nine algorithms, from the formulas alone: mpmath numbers, flat lists, loops.

It shares no code with the package. All tensors of a step lie behind one another in one flat list; ``sizes`` says
where each ends. ``rerun`` is the entry; it returns one dictionary a step, from a quantity's name to its lists of
numbers: one list a tensor, or one list with one number where the quantity is a scalar of the whole step.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from mpmath import mpf, sqrt, workdps

Record: TypeAlias = dict[str, list[list[mpf]]]
Feed: TypeAlias = Iterable[tuple[mpf, list[mpf]]]  # per step: the loss, the flat gradient
Setting: TypeAlias = float | bool | tuple[float, ...]


class Settings:
    """Hyperparameters as mpmath numbers. An unknown name is refused: a switch that is ignored would go unnoticed."""

    def __init__(self, algorithm: str, settings: dict[str, Setting]) -> None:
        unknown = set(settings) - set(KNOWN[algorithm].split())
        if unknown:
            raise ValueError(f"{algorithm} has no hyperparameter {sorted(unknown)}")
        self.settings = settings

    def number(self, name: str, default: float | None = None) -> mpf:
        value = self.settings[name] if default is None else self.settings.get(name, default)
        if isinstance(value, tuple):
            raise TypeError(f"{name} is {value}, not one number")
        return mpf(value)

    def switch(self, name: str, default: bool = False) -> bool:
        return bool(self.settings.get(name, default))

    def rate(self, k: int) -> mpf:
        lr = self.settings["lr"]
        return mpf(lr[k - 1] if isinstance(lr, tuple) else lr)


def cut(flat: list[mpf], sizes: list[int]) -> list[list[mpf]]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(flat[start : start + size])
        start += size
    return pieces


def inner(a: list[mpf], b: list[mpf]) -> mpf:
    total = mpf(0)
    for p, q in zip(a, b, strict=True):
        total += p * q
    return total


def sgd(s: Settings, x: list[mpf], sizes: list[int], feed: Feed, heavy_ball: bool = False) -> Iterator[Record]:
    lam, beta = s.number("weight_decay", 0), s.number("beta") if heavy_ball else mpf(0)
    m = [mpf(0)] * len(x)
    for k, (_, g) in enumerate(feed, 1):
        for i in range(len(x)):
            m[i] = beta * m[i] + (g[i] + lam * x[i])
            x[i] = x[i] - s.rate(k) * m[i]
        yield {"params": cut(x, sizes)} | ({"momentum": cut(m, sizes)} if heavy_ball else {})


def sgdm(s: Settings, x: list[mpf], sizes: list[int], feed: Feed) -> Iterator[Record]:
    return sgd(s, x, sizes, feed, heavy_ball=True)


def adam(s: Settings, x: list[mpf], sizes: list[int], feed: Feed, decoupled: bool = False) -> Iterator[Record]:
    b1, b2, eps, lam = s.number("beta1"), s.number("beta2"), s.number("eps"), s.number("weight_decay", 0)
    m, v = [mpf(0)] * len(x), [mpf(0)] * len(x)
    for k, (_, g) in enumerate(feed, 1):
        lr = s.rate(k)
        left1, left2 = 1 - b1**k, 1 - b2**k
        for i in range(len(x)):
            gi = g[i] if decoupled else g[i] + lam * x[i]
            m[i] = b1 * m[i] + (1 - b1) * gi
            v[i] = b2 * v[i] + (1 - b2) * gi * gi
            start = (1 - lr * lam) * x[i] if decoupled else x[i]
            x[i] = start - lr * (m[i] / left1) / (sqrt(v[i] / left2) + eps)
        yield {"params": cut(x, sizes), "gradient_average": cut(m, sizes), "second_moment": cut(v, sizes)}


def adamw(s: Settings, x: list[mpf], sizes: list[int], feed: Feed) -> Iterator[Record]:
    return adam(s, x, sizes, feed, decoupled=True)


def momo(s: Settings, x: list[mpf], sizes: list[int], feed: Feed, adaptive: bool = False) -> Iterator[Record]:
    beta = s.number("beta1") if adaptive else s.number("beta")
    b2, eps = (s.number("beta2"), s.number("eps")) if adaptive else (mpf(0), mpf(0))
    from_zero = adaptive or s.switch("bias_correction")
    first_bound = bound = s.number("lower_bound", 0)
    lam = s.number("weight_decay", 0)
    f_bar = gamma = mpf(0)
    d, v, metric = [mpf(0)] * len(x), [mpf(0)] * len(x), [mpf(1)] * len(x)
    for k, (loss, g) in enumerate(feed, 1):
        lr = s.rate(k)
        # 1.1: the three averages. Started at the first gradient, their first value is that gradient's own.
        new = mpf(1) if k == 1 and not from_zero else 1 - beta
        old = 1 - new
        f_bar = old * f_bar + new * loss
        gamma = old * gamma + new * inner(g, x)
        for i in range(len(x)):
            d[i] = old * d[i] + new * g[i]
            if adaptive:
                v[i] = b2 * v[i] + (1 - b2) * g[i] ** 2
                metric[i] = eps + sqrt(v[i] / (1 - b2**k))
        rho = 1 - beta**k if from_zero else mpf(1)
        d_x = inner(d, x)
        direction = [d[i] / metric[i] for i in range(len(x))]
        d_sq = inner(d, direction)
        h = f_bar + d_x - gamma
        grow = 1 + lr * lam
        # 1.3: reset of the bound, which the step then uses.
        c = grow * (f_bar - gamma) + d_x
        if s.switch("estimate_lower_bound") and c < grow * rho * bound:
            bound = max(c / (2 * grow * rho), first_bound)
        used_bound = bound
        # 1.2: equations (15) and (16).
        gap = grow * (f_bar - gamma - rho * bound) + d_x
        tau = mpf(0)
        if d_sq > 0 and gap > 0:
            tau = min(lr / rho, gap / d_sq)
        for i in range(len(x)):
            if s.switch("decoupled_decay"):
                x[i] = (1 - lr * lam) * x[i] - tau * direction[i]
            else:
                x[i] = (x[i] - tau * direction[i]) / grow
        if s.switch("estimate_lower_bound"):
            bound = max((h - tau * d_sq / 2) / rho, first_bound)
        record = {"params": cut(x, sizes), "gradient_average": cut(d, sizes)}
        scalars = {"loss_average": f_bar, "offset": gamma, "weight_sum": rho, "inner_product": d_x, "model_value": h}
        scalars |= {"direction_norm_sq": d_sq, "lower_bound": used_bound, "step_size": tau}
        record |= {name: [[value]] for name, value in scalars.items()}
        if adaptive:
            record |= {"second_moment": cut(v, sizes), "preconditioner": cut(metric, sizes)}
        yield record


def momo_adam(s: Settings, x: list[mpf], sizes: list[int], feed: Feed) -> Iterator[Record]:
    return momo(s, x, sizes, feed, adaptive=True)


def tam(s: Settings, x: list[mpf], sizes: list[int], feed: Feed, adaptive: bool = False) -> Iterator[Record]:
    beta, b2 = (s.number("beta1"), s.number("beta2")) if adaptive else (s.number("beta"), mpf(0))
    mix, eps, lam = s.number("gamma"), s.number("eps"), s.number("weight_decay", 0)
    share = 1 - beta if s.switch("averaged_momentum") else mpf(1)
    spans = sizes if s.switch("per_tensor", True) else [sum(sizes)]
    m, v, s_hat = [mpf(0)] * len(x), [mpf(0)] * len(x), [mpf(0)] * len(spans)
    for k, (_, raw) in enumerate(feed, 1):
        lr = s.rate(k)
        corrected = s.switch("bias_correction")
        left1, left2 = (1 - beta**k, 1 - b2**k) if corrected else (mpf(1), mpf(1))
        g = [raw[i] if adaptive else raw[i] + lam * x[i] for i in range(len(x))]
        cosines, dampings, i = [], [], 0
        for t, (m_t, g_t) in enumerate(zip(cut(m, spans), cut(g, spans), strict=True)):
            norms = sqrt(inner(m_t, m_t)) * sqrt(inner(g_t, g_t))
            cosines.append(inner(m_t, g_t) / norms if norms > 0 else mpf(0))
            s_hat[t] = mix * s_hat[t] + (1 - mix) * cosines[t]
            dampings.append((1 + s_hat[t]) / 2)
            for _ in g_t:
                m[i] = beta * m[i] + share * (eps + dampings[t]) * g[i]
                v[i] = b2 * v[i] + (1 - b2) * g[i] ** 2
                start = (1 - lr * lam) * x[i] if adaptive else x[i]
                x[i] = start - lr * (m[i] / left1) / (sqrt(v[i] / left2) + eps if adaptive else 1)
                i += 1
        record = {"params": cut(x, sizes), "momentum": cut(m, sizes), "cosine": [[c] for c in cosines]}
        record |= {"cosine_average": [[c] for c in s_hat], "damping": [[c] for c in dampings]}
        yield record | ({"second_moment": cut(v, sizes)} if adaptive else {})


def adatam(s: Settings, x: list[mpf], sizes: list[int], feed: Feed) -> Iterator[Record]:
    return tam(s, x, sizes, feed, adaptive=True)


RUN: dict[str, Callable[[Settings, list[mpf], list[int], Feed], Iterator[Record]]] = {
    "sgd": sgd, "sgdm": sgdm, "adam": adam, "adamw": adamw, "momo": momo, "momo-adam": momo_adam,
    "tam": tam, "adatam": adatam, "adatamw": adatam,
}  # fmt: skip
KNOWN = {
    "sgd": "lr weight_decay",
    "sgdm": "lr beta weight_decay",
    "adam": "lr beta1 beta2 eps weight_decay",
    "adamw": "lr beta1 beta2 eps weight_decay",
    "momo": "lr beta lower_bound weight_decay bias_correction estimate_lower_bound",
    "momo-adam": "lr beta1 beta2 eps lower_bound weight_decay estimate_lower_bound decoupled_decay",
    "tam": "lr beta gamma eps weight_decay per_tensor averaged_momentum bias_correction",
    "adatam": "lr beta1 beta2 gamma eps per_tensor averaged_momentum bias_correction",
    "adatamw": "lr beta1 beta2 gamma eps weight_decay per_tensor averaged_momentum bias_correction",
}


def rerun(
    algorithm: str,
    settings: dict[str, Setting],
    params: Sequence[Sequence[float]],
    steps: Sequence[tuple[float, Sequence[Sequence[float]]]],
    digits: int = 400,
) -> list[Record]:
    """Run ``steps`` (each a loss and one gradient list a tensor) from ``params``, computing with ``digits`` digits."""
    with workdps(digits):
        start = [mpf(entry) for tensor in params for entry in tensor]
        feed = [(mpf(loss), [mpf(entry) for tensor in grads for entry in tensor]) for loss, grads in steps]
        sizes = [len(tensor) for tensor in params]
        return list(RUN[algorithm](Settings(algorithm, settings), start, sizes, feed))
