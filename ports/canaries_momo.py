"""Wrong variants of MoMo and MoMo-Adam."""

from momoracle.ports.canary import Canary

_MODEL = (
    Canary("no-cap", "τ without the cap α/ρ", "n.minimum(alpha / rho, polyak)", "polyak"),
    Canary("always-cap", "τ = α/ρ: no model at all", "n.minimum(alpha / rho, polyak)", "alpha / rho"),
    Canary("no-positive", "the numerator of (15) not truncated", "n.positive(shrink *", "(shrink *"),
    Canary(
        "norm-not-squared", "‖d‖ where ‖d‖² belongs", "rho * f_star) + dx), dd)", "rho * f_star) + dx), n.sqrt(dd))"
    ),
    Canary("bound-ignored", "f_* taken as 0", "- rho * f_star) + dx", ") + dx"),
    Canary("numerator-without-decay", "(15) without its factors 1+αλ", "n.positive(shrink * (f", "n.positive((f"),
    Canary("product-sign", "<d, x> subtracted", "rho * f_star) + dx", "rho * f_star) - dx"),
    Canary("offset-sign", "γ added", "(f_bar - gamma - rho", "(f_bar + gamma - rho"),
    Canary(
        "decay-params-only",
        "1/(1+αλ) applied to the parameters alone",
        "(x - tau * direction) / shrink",
        "x / shrink - tau * direction",
    ),
    Canary(
        "decay-linear",
        "1−αλ in place of 1/(1+αλ)",
        "(x - tau * direction) / shrink",
        "(2 - shrink) * (x - tau * direction)",
    ),
    Canary(
        "decay-linear-before",
        "AdamW's decay in place of (16)",
        "(x - tau * direction) / shrink",
        "(2 - shrink) * x - tau * direction",
    ),
    Canary("no-decay", "weight decay ignored in (16)", "(x - tau * direction) / shrink", "x - tau * direction"),
    Canary("estimate-without-half", "the estimate with τ‖d‖² whole", "tau * model.dd / 2)", "tau * model.dd)"),
    Canary(
        "estimate-unguarded",
        "the estimate below the first guess",
        "n.maximum((model.value() - tau * model.dd / 2) / model.rho, initial)",
        "(model.value() - tau * model.dd / 2) / model.rho",
    ),
    Canary(
        "no-reset",
        "a bound above the model kept",
        "    return n.select(n.less(c",
        "    return f_star if True else n.select(n.less(c",
    ),
    Canary("reset-without-half", "the reset without its ½", "c / (2 * shrink * rho)", "c / (shrink * rho)"),
)

MOMO = (
    *_MODEL,
    Canary("start-at-zero", "averages from zero without correction", "k == 1 and not self.bias_correction", "False"),
    Canary("start-at-first", "averages never from zero", "k == 1 and not self.bias_correction", "k == 1"),
    Canary("correction-late", "bias correction one step late", "1 - beta**k if", "1 - beta ** (k + 1) if"),
    Canary(
        "weights-swapped",
        "d = (1−β) d + β g",
        "beta * (g if first else d) + (1 - beta) * g",
        "(1 - beta) * (g if first else d) + beta * g",
    ),
    Canary("momentum-summed", "d = β d + g", "+ (1 - beta) * g\n", "+ g\n"),
    Canary("loss-not-averaged", "f̄ = f", "beta * (f if first else f_bar) + (1 - beta) * f", "f"),
    Canary("offset-of-average", "γ from <d, x>", "gamma) + (1 - beta) * gx", "gamma) + (1 - beta) * dx"),
    Canary(
        "tensor-by-tensor",
        "τ of each tensor on its own",
        "    def check(self)",
        "    def split(self):\n        return True\n\n    def check(self)",
    ),
)

MOMO_ADAM = (
    *_MODEL,
    Canary(
        "cap-without-rho", "the cap α in place of α/ρ", "n.minimum(alpha / rho, polyak)", "n.minimum(alpha, polyak)"
    ),
    Canary("bound-without-rho", "f_* in place of ρ f_*", "- rho * f_star) + dx", "- f_star) + dx"),
    Canary("eps-in-root", "ε under the root", "n.sqrt(v / (1 - beta2**k)) + eps", "n.sqrt(v / (1 - beta2**k) + eps)"),
    Canary("moment-uncorrected", "v without bias correction", "n.sqrt(v / (1 - beta2**k))", "n.sqrt(v)"),
    Canary("moment-late", "v corrected one step late", "beta2**k", "beta2 ** (k + 1)"),
    Canary("rho-late", "ρ one step late", "1 - beta1**k", "1 - beta1 ** (k + 1)"),
    Canary("norm-euclidean", "‖d‖² without the metric", "(d, direction))", "(d, d))"),
    Canary(
        "betas-swapped",
        "β₁ and β₂ exchanged",
        "n.scalar(self.beta1), n.scalar(self.beta2)",
        "n.scalar(self.beta2), n.scalar(self.beta1)",
    ),
    Canary("decoupled-scaled", "AdamW's decay as 1/(1+αλ)", "(1 - decay) * x - tau", "x / (1 + decay) - tau"),
    Canary(
        "tensor-by-tensor",
        "τ of each tensor on its own",
        "    def check(self)",
        "    def split(self):\n        return True\n\n    def check(self)",
    ),
)
