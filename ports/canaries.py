"""Deliberately wrong variants: each is the reference's own text with one edit, and the vectors must catch it.

An edit that no longer finds its place in the text is an error, so that canaries follow the reference.
"""

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from momoracle.reference import ALGORITHMS, Method

#: the files of each method's text, each before those that use it
SOURCES: dict[str, tuple[str, ...]] = {
    "sgd": ("sgd",),
    "sgdm": ("sgdm",),
    "adam": ("adam",),
    "adamw": ("adam", "adamw"),
    "momo": ("momentum_model", "momo"),
    "momo-adam": ("momentum_model", "momo_adam"),
    "tam": ("torque", "tam"),
    "adatam": ("torque", "adatam"),
    "adatamw": ("torque", "adatam", "adatamw"),
}


@dataclass(frozen=True)
class Canary:
    """One mistake: in words, and as an edit of the reference's text."""

    id: str
    meaning: str
    old: str
    new: str


_MODEL = (
    Canary("no-cap", "τ without the cap α/ρ", "n.minimum(alpha / rho, polyak)", "polyak"),
    Canary("always-cap", "τ = α/ρ: no model at all", "n.minimum(alpha / rho, polyak)", "alpha / rho"),
    Canary("no-positive", "the numerator of (15) not truncated", "n.positive(shrink *", "(shrink *"),
    Canary("norm-not-squared", "‖d‖ where ‖d‖² belongs", "rho * f_star) + dx), dd)", "rho * f_star) + dx), n.sqrt(dd))"),
    Canary("bound-ignored", "f_* taken as 0", "- rho * f_star) + dx", ") + dx"),
    Canary("numerator-without-decay", "(15) without its factors 1+αλ", "n.positive(shrink * (f", "n.positive((f"),
    Canary("product-sign", "<d, x> subtracted", "rho * f_star) + dx", "rho * f_star) - dx"),
    Canary("offset-sign", "γ added", "(f_bar - gamma - rho", "(f_bar + gamma - rho"),
    Canary("decay-params-only", "1/(1+αλ) applied to the parameters alone",
           "(x - tau * direction) / shrink", "x / shrink - tau * direction"),
    Canary("decay-linear", "1−αλ in place of 1/(1+αλ)", "(x - tau * direction) / shrink", "(2 - shrink) * (x - tau * direction)"),
    Canary("decay-linear-before", "AdamW's decay in place of (16)", "(x - tau * direction) / shrink", "(2 - shrink) * x - tau * direction"),
    Canary("no-decay", "weight decay ignored in (16)", "(x - tau * direction) / shrink", "x - tau * direction"),
    Canary("estimate-without-half", "the estimate with τ‖d‖² whole", "tau * model.dd / 2)", "tau * model.dd)"),
    Canary("estimate-unguarded", "the estimate below the first guess", "    return n.maximum((model", "    return ((model"),
    Canary("no-reset", "a bound above the model kept", "    return n.select(n.less(c", "    return f_star if True else n.select(n.less(c"),
    Canary("reset-without-half", "the reset without its ½", "c / (2 * shrink * rho)", "c / (shrink * rho)"),
)  # fmt: skip

_MOMO = (
    *_MODEL,
    Canary("start-at-zero", "averages from zero without correction", "k == 1 and not self.bias_correction", "False"),
    Canary("start-at-first", "averages never from zero", "k == 1 and not self.bias_correction", "k == 1"),
    Canary("correction-late", "bias correction one step late", "1 - beta**k if", "1 - beta ** (k + 1) if"),
    Canary("weights-swapped", "d = (1−β) d + β g", "beta * (g if first else d) + (1 - beta) * g", "(1 - beta) * (g if first else d) + beta * g"),
    Canary("momentum-summed", "d = β d + g", "+ (1 - beta) * g\n", "+ g\n"),
    Canary("loss-not-averaged", "f̄ = f", "beta * (f if first else f_bar) + (1 - beta) * f", "f"),
    Canary("offset-of-average", "γ from <d, x>", "gamma) + (1 - beta) * gx", "gamma) + (1 - beta) * dx"),
    Canary("tensor-by-tensor", "τ of each tensor on its own", "    def check(self)", "    def split(self):\n        return True\n\n    def check(self)"),
)  # fmt: skip

_MOMO_ADAM = (
    *_MODEL,
    Canary("cap-without-rho", "the cap α in place of α/ρ", "n.minimum(alpha / rho, polyak)", "n.minimum(alpha, polyak)"),
    Canary("bound-without-rho", "f_* in place of ρ f_*", "- rho * f_star) + dx", "- f_star) + dx"),
    Canary("eps-in-root", "ε under the root", "n.sqrt(v / (1 - beta2**k)) + eps", "n.sqrt(v / (1 - beta2**k) + eps)"),
    Canary("moment-uncorrected", "v without bias correction", "n.sqrt(v / (1 - beta2**k))", "n.sqrt(v)"),
    Canary("moment-late", "v corrected one step late", "beta2**k", "beta2 ** (k + 1)"),
    Canary("rho-late", "ρ one step late", "1 - beta1**k", "1 - beta1 ** (k + 1)"),
    Canary("norm-euclidean", "‖d‖² without the metric", "(d, direction))", "(d, d))"),
    Canary("betas-swapped", "β₁ and β₂ exchanged", "n.scalar(self.beta1), n.scalar(self.beta2)", "n.scalar(self.beta2), n.scalar(self.beta1)"),
    Canary("decoupled-scaled", "AdamW's decay as 1/(1+αλ)", "(1 - decay) * x - tau", "x / (1 + decay) - tau"),
    Canary("tensor-by-tensor", "τ of each tensor on its own", "    def check(self)", "    def split(self):\n        return True\n\n    def check(self)"),
)  # fmt: skip

_TORQUE = (
    Canary("damping-reversed", "d = (1 − ŝ)/2", "(1 + s_hat) / 2", "(1 - s_hat) / 2"),
    Canary("damping-constant", "d = ½ whatever the angle", "(1 + s_hat) / 2", "(1 + 0 * s_hat) / 2"),
    Canary("weights-swapped", "γ's two weights exchanged", "gamma * average + (1 - gamma) * s", "(1 - gamma) * average + gamma * s"),
    Canary("memoryless", "ŝ not kept", "gamma * average + (1 - gamma) * s", "s"),
    Canary("norms-clamped", "norms at least 1e-6", "n.sqrt(mm) * n.sqrt(gg)", "n.maximum(n.sqrt(mm), 1e-6) * n.maximum(n.sqrt(gg), 1e-6)"),
    Canary("one-cosine", "one cosine over all tensors", "return self.per_tensor", "return False"),
)  # fmt: skip

_TAM = (
    *_TORQUE,
    Canary("start-at-gradient", "m_0 = g_1", "turn = torque(state.momentum,", "state = state._replace(momentum=g) if now.k == 1 else state\n        turn = torque(state.momentum,"),
    Canary("momentum-averaged", "(1−β) before the gradient", "(n.scalar(self.eps) + turn", "(1 - n.scalar(self.beta)) * (n.scalar(self.eps) + turn"),
    Canary("eps-missing", "the damping without ε", "n.scalar(self.eps) + turn.damping", "turn.damping"),
    Canary("new-momentum", "the cosine against β m + g", "torque(state.momentum, g,", "torque(n.scalar(self.beta) * state.momentum + g, g,"),
    Canary("decay-decoupled", "AdamW's decay", "        g = g + n.scalar(self.weight_decay) * x\n", "        x = x - now.alpha * n.scalar(self.weight_decay) * x\n"),
)  # fmt: skip

_ADATAM = (
    *_TORQUE,
    Canary("averaged", "(1−β₁) before the gradient", "else eps + turn.damping", "else (1 - beta1) * (eps + turn.damping)"),
    Canary("corrected", "bias correction that the method has not", "m / (n.sqrt(v) + eps)", "m / (1 - beta1**k) / (n.sqrt(v / (1 - beta2**k)) + eps)"),
    Canary("eps-in-root", "ε under the root", "m / (n.sqrt(v) + eps)", "m / n.sqrt(v + eps)"),
    Canary("eps-missing", "the damping without ε", "else eps + turn.damping", "else turn.damping"),
    Canary("moment-damped", "v from the damped gradient", "(1 - beta2) * (g * g)", "(1 - beta2) * (weight * g * (weight * g))"),
)  # fmt: skip

_ADAM = (
    Canary("eps-in-root", "ε under the root", "(n.sqrt(v / (1 - beta2**k)) + eps)", "n.sqrt(v / (1 - beta2**k) + eps)"),
    Canary("eps-corrected", "ε scaled by the bias correction", "(n.sqrt(v / (1 - beta2**k)) + eps)",
           "((n.sqrt(v) + eps) / n.sqrt(n.scalar(1 - beta2**k)))"),
    Canary("mean-uncorrected", "m without bias correction", "m / (1 - beta1**k) /", "m /"),
    Canary("moment-uncorrected", "v without bias correction", "n.sqrt(v / (1 - beta2**k))", "n.sqrt(v)"),
    Canary("correction-late", "bias correction one step late", "1 - beta1**k", "1 - beta1 ** (k + 1)"),
    Canary("betas-swapped", "β₁ and β₂ exchanged", "n.scalar(self.beta1), n.scalar(self.beta2)", "n.scalar(self.beta2), n.scalar(self.beta1)"),
    Canary("mean-summed", "m = β₁ m + g", "gradient_average + (1 - beta1) * g", "gradient_average + g"),
)  # fmt: skip

CANARIES: dict[str, tuple[Canary, ...]] = {
    "sgd": (
        Canary("ascent", "x + α g", "x - now.alpha * (g", "x + now.alpha * (g"),
        Canary("no-decay", "weight decay ignored", "(g + now.numbers.scalar(self.weight_decay) * x)", "g"),
    ),
    "sgdm": (
        Canary("dampened", "m = β m + (1−β) g", "momentum + (g +", "momentum + (1 - n.scalar(self.beta)) * (g +"),
        Canary("nesterov", "Nesterov's step", "x - now.alpha * m,", "x - now.alpha * (g + n.scalar(self.beta) * m),"),
        Canary("decay-decoupled", "decay kept out of the momentum",
               "(g + n.scalar(self.weight_decay) * x)\n", "g\n        x = x - now.alpha * n.scalar(self.weight_decay) * x\n"),
    ),
    "adam": (
        *_ADAM,
        Canary("decay-decoupled", "AdamW's decay", "        g = g + now.numbers.scalar(self.weight_decay) * x\n",
               "        x = x - now.alpha * now.numbers.scalar(self.weight_decay) * x\n"),
    ),
    "adamw": (
        *_ADAM,
        Canary("decay-coupled", "Adam's decay", "return self.moments_step(decay * x, g, state, now)", "return super().advance(x, g, state, now)"),
        Canary("decay-unscaled", "decay without α", "1 - now.alpha * now.numbers", "1 - now.numbers"),
    ),
    "momo": _MOMO,
    "momo-adam": _MOMO_ADAM,
    "tam": _TAM,
    "adatam": _ADATAM,
    "adatamw": (
        *_ADATAM,
        Canary("decay-unscaled", "decay without α", "1 - now.alpha * now.numbers", "1 - now.numbers"),
        Canary("no-decay", "weight decay ignored", "super().advance(decay * x,", "super().advance(x,"),
    ),
}  # fmt: skip


def variant(algorithm: str, *edits: Canary) -> type[Method]:
    """Return the method whose text has been edited; without edits it is the reference's text, executed once more.

    Raises:
        LookupError: an edit does not find its place in the text, or finds several.
    """
    names = SOURCES[algorithm]
    folder = files("momoracle.reference")
    text = "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in names)
    text = re.sub(rf"^from momoracle\.reference\.({'|'.join(names)}) import .*$", "", text, flags=re.MULTILINE)
    for edit in edits:
        if edit.old not in text:
            raise LookupError(f"canary {edit.id} of {algorithm}: its place {edit.old!r} is not in the reference's text")
        text = text.replace(edit.old, edit.new)
    namespace: dict[str, Any] = {"__name__": f"{__name__}.{algorithm.replace('-', '_')}"}
    exec(compile(text, f"<{algorithm} with {', '.join(e.id for e in edits) or 'no edit'}>", "exec"), namespace)
    method: type[Method] = namespace[ALGORITHMS[algorithm].__name__]
    return method
