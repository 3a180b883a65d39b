"""Departures from MoMo and MoMo-Adam."""

from momoracle.ports.departures.departure import edit

_OPTAX = "https://github.com/google-deepmind/optax/blob/main/optax/contrib/_momo.py"
_STEP = "result: Vector = ‹(x - tau * direction) / shrink›"  # the line of (16)
_ESTIMATE = "return ‹n.maximum(›(model.value()"
_RESET = "c‹› = shrink * (f_bar - gamma)"

_SIZE = (
    edit("no-cap", "step_size", "τ is not capped", ("return ‹n.minimum(alpha / rho, ›polyak", ""), ("polyak‹)›\n", "")),
    edit("always-cap", "step_size", "τ = α/ρ, no model", ("return ‹n.minimum(alpha / rho, polyak)›", "alpha / rho")),
    edit("cap-without-rho", "step_size", "τ is capped by α in place of α/ρ", ("n.minimum(alpha‹ / rho›, polyak", "")),
    edit("no-positive", "step_size", "the numerator of (15) is not truncated at 0", ("n.quotient(‹n.positive›(", "")),
    edit("norm-not-squared", "step_size", "τ is divided by ‖d‖ in place of ‖d‖²", ("+ dx), ‹dd›)", "n.sqrt(dd)")),
    edit("bound-ignored", "step_size", "f_* is taken as 0", ("- gamma‹ - rho * f_star›) + dx", "")),
    edit("bound-without-rho", "step_size", "f_* stands where ρ f_* belongs", ("- ‹rho * ›f_star) + dx", "")),
    edit(
        "numerator-without-decay",
        "step_size",
        "the numerator of (15) has no factors 1 + αλ",
        ("(‹shrink * ›(f_bar - gamma - rho", ""),
    ),
    edit("product-sign", "step_size", "<d, x> is subtracted", ("rho * f_star) ‹+› dx", "-")),
    edit("offset-sign", "step_size", "γ is added", ("* (f_bar ‹-› gamma - rho", "+")),
    edit(
        "tensor-by-tensor",
        "step_size",
        "each tensor has a model and a τ of its own",
        ("‹›    def start(self)", "    def split(self):\n        return True\n\n"),
    ),
)

_DECAY = (
    edit(
        "decay-params-only",
        "params",
        "1/(1 + αλ) divides the parameters alone, not the step",
        (_STEP, "x / shrink - tau * direction"),
        link=_OPTAX,
    ),
    edit("decay-linear", "params", "1 − αλ stands for 1/(1 + αλ)", (_STEP, "(2 - shrink) * (x - tau * direction)")),
    edit("decay-linear-before", "params", "(1 − αλ) x − τ d", (_STEP, "(2 - shrink) * x - tau * direction")),
    edit("no-decay", "params", "the parameters do not decay", (_STEP, "x - tau * direction")),
)

_BOUND = (
    edit("estimate-without-half", "lower_bound", "the estimate takes τ‖d‖² whole", ("tau * model.dd‹ / 2›)", "")),
    edit("estimate-without-rho", "lower_bound", "the estimate is not divided by ρ", ("/ 2)‹ / model.rho›", "")),
    edit(
        "estimate-unguarded",
        "lower_bound",
        "the estimate may fall below f_*^1",
        (_ESTIMATE, ""),
        ("rho‹, initial)›", ""),
    ),
    edit(
        "reset-never",
        "lower_bound",
        "f_* is kept where it lies above the model",
        (
            "return ‹n.select(n.less(c, shrink * rho * f_star), n.maximum(c / (2 * shrink * rho), initial), f_star)›",
            "f_star",
        ),
    ),
    edit("reset-without-half", "lower_bound", "the reset without its ½", ("c / (‹2 * ›shrink * rho)", "")),
    edit(
        "reset-without-decay",
        "lower_bound",
        "the reset ignores λ",
        ("    ‹›c = shrink * (f_bar", "shrink = n.scalar(1)\n    "),
    ),
    edit(
        "reset-unguarded",
        "lower_bound",
        "the reset may fall below f_*^1",
        ("‹n.maximum(›c / (2", ""),
        ("shrink * rho)‹, initial)›", ""),
    ),
)

_MODEL = (*_SIZE, *_DECAY, *_BOUND)

MOMO = (
    *_MODEL,
    edit(
        "norm-threshold",
        "step_size",
        "no step where ‖d‖² is at most 2.2e-16, whatever the loss",
        ("return ‹›n.minimum", "n.select(n.less(n.scalar(2.220446049250313e-16), dd), "),
        ("polyak)‹›\n", ", n.scalar(0))"),
        link=_OPTAX,
    ),
    edit(
        "start-at-zero",
        "gradient_average",
        "the averages start at zero, uncorrected",
        ("first = ‹k == 1 and not self.bias_correction›", "False"),
    ),
    edit(
        "start-at-first",
        "gradient_average",
        "the averages start at the first values though ρ corrects them",
        ("k == 1‹ and not self.bias_correction›", ""),
    ),
    edit("rho-late", "weight_sum", "ρ = 1 − β^(k+1)", ("1 - beta**‹k› if", "(k + 1)")),
    edit(
        "rho-one",
        "weight_sum",
        "ρ = 1 with bias correction too",
        ("‹1 - beta**k if self.bias_correction else ›n.scalar(1)", ""),
    ),
    edit(
        "weights-swapped",
        "gradient_average",
        "d ← (1−β) d + β g",
        ("d = ‹beta› * (g if first", "(1 - beta)"),
        ("else d) + ‹(1 - beta)› * g", "beta"),
    ),
    edit("momentum-summed", "gradient_average", "d ← β d + g", ("else d) + ‹(1 - beta) * ›g", "")),
    edit(
        "loss-from-zero",
        "loss_average",
        "f̄ starts at zero though d does not",
        ("beta * ‹(f if first else f_bar)›", "f_bar"),
    ),
    edit(
        "loss-not-averaged",
        "loss_average",
        "f̄ = f",
        ("f_bar = ‹beta * (f if first else f_bar) + (1 - beta) * f›\n", "f"),
    ),
    edit(
        "offset-from-zero",
        "offset",
        "γ starts at zero though d does not",
        ("beta * ‹(gx if first else gamma)›", "gamma"),
    ),
    edit("offset-of-average", "offset", "γ averages <d, x>", ("gamma) + (1 - beta) * ‹gx›", "dx")),
    edit("product-of-gradient", "inner_product", "<g, x> stands for <d, x>", ("n.dots((g, x), (‹d›, x)", "g")),
    edit("decay-unscaled", "params", "1 + λ stands for 1 + αλ", ("shrink=1 + ‹alpha * ›n.scalar", "")),
    edit(
        "decay-coupled",
        "params",
        "λ x is added to the gradient",
        ("        ‹›d = beta * (g", "g = g + n.scalar(self.weight_decay) * x\n        "),
        ("shrink=‹1 + alpha * n.scalar(self.weight_decay)›", "n.scalar(1)"),
    ),
)

MOMO_ADAM = (
    *_MODEL,
    edit("eps-in-root", "preconditioner", "ε stands under the root", ("beta2**k)‹) + eps›\n", " + eps)")),
    edit("eps-missing", "preconditioner", "there is no ε", ("beta2**k))‹ + eps›", "")),
    edit(
        "eps-corrected",
        "preconditioner",
        "ε is divided by the bias correction too",
        ("beta2**k)) + ‹eps›", "eps / n.sqrt(n.scalar(1 - beta2**k))"),
    ),
    edit("moment-uncorrected", "preconditioner", "v is not corrected", ("n.sqrt(‹v / (1 - beta2**k)›)", "v")),
    edit("moment-late", "preconditioner", "v is corrected by 1 − β₂^(k+1)", ("n.sqrt(v / (1 - beta2**‹k›)", "(k + 1)")),
    edit("rho-late", "weight_sum", "ρ = 1 − β₁^(k+1)", ("gamma, 1 - beta1**‹k›, dx", "(k + 1)")),
    edit("rho-one", "weight_sum", "ρ = 1", ("gamma, ‹1 - beta1**k›, dx", "n.scalar(1)")),
    edit("norm-euclidean", "direction_norm_sq", "‖d‖² without the metric D⁻¹", ("(d, ‹direction›))", "d")),
    edit(
        "betas-swapped",
        "gradient_average",
        "β₁ and β₂ are exchanged",
        ("eps = n.scalar(self.beta‹1›)", "2"),
        (", n.scalar(self.beta‹2›), n", "1"),
    ),
    edit("momentum-summed", "gradient_average", "d ← β₁ d + g", ("gradient_average + ‹(1 - beta1) * ›g", "")),
    edit("moment-of-average", "second_moment", "v averages d²", ("(1 - beta2) * (‹g * g›)", "d * d")),
    edit("loss-not-averaged", "loss_average", "f̄ = f", ("f_bar = ‹beta1 * state.loss_average + (1 - beta1) * f›", "f")),
    edit("offset-of-average", "offset", "γ averages <d, x>", ("state.offset + (1 - beta1) * ‹gx›", "dx")),
    edit("product-of-gradient", "inner_product", "<g, x> stands for <d, x>", ("n.dots((g, x), (‹d›, x)", "g")),
    edit("decay-unscaled", "params", "1 + λ stands for 1 + αλ", ("decay = ‹alpha * ›n.scalar", "")),
    edit(
        "decoupled-scaled",
        "params",
        "decoupled decay divides by 1 + αλ",
        ("x = ‹(1 - decay) * x› - tau", "x / (1 + decay)"),
    ),
    edit(
        "decay-coupled",
        "params",
        "λ x is added to the gradient",
        ("        ‹›d = beta1 * state", "g = g + n.scalar(self.weight_decay) * x\n        "),
        ("decay = ‹alpha * n.scalar(self.weight_decay)›", "n.scalar(0)"),
    ),
)
