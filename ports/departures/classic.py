"""Departures from SGD, SGDM, Adam and AdamW."""

from momoracle.ports.departures.departure import edit

_KERAS = "https://github.com/keras-team/keras/blob/master/keras/src/optimizers/adam.py"
_KERAS_SGD = "https://github.com/keras-team/keras/blob/master/keras/src/optimizers/sgd.py"
_DECOUPLED = "https://arxiv.org/abs/1711.05101"
_SUTSKEVER = "https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html"

SGD = (
    edit(
        "no-decay",
        "params",
        "the parameters do not decay",
        ("(g‹ + now.numbers.scalar(self.weight_decay) * x›)", ""),
    ),
    edit(
        "decay-unscaled",
        "params",
        "x − α g − λ x: the decay without α",
        (
            "x - now.alpha * (g + ‹now.numbers.scalar(self.weight_decay) * x›)",
            "now.numbers.scalar(self.weight_decay) * x / now.alpha",
        ),
    ),
)

SGDM = (
    edit(
        "dampened",
        "momentum",
        "m ← β m + (1−β) g",
        ("state.momentum + ‹›(g +", "(1 - n.scalar(self.beta)) * "),
        link=_SUTSKEVER,
    ),
    edit(
        "dampened-after-first",
        "momentum",
        "m ← β m + (1−β) g, but m = g in the first step",
        ("state.momentum + ‹›(g +", "(1 if now.k == 1 else 1 - n.scalar(self.beta)) * "),
        link=_SUTSKEVER,
    ),
    edit(
        "start-at-gradient",
        "momentum",
        "m starts at the first gradient",
        ("n.scalar(self.beta) * ‹state.momentum› +", "(g if now.k == 1 else state.momentum)"),
    ),
    edit("nesterov", "params", "Nesterov's step", ("x - now.alpha * ‹m›,", "(g + n.scalar(self.beta) * m)")),
    edit(
        "lr-in-momentum",
        "momentum",
        "m ← β m + α g, x ← x − m: a changing α acts late",
        ("state.momentum + ‹›(g +", "now.alpha * "),
        ("x - ‹now.alpha * ›m,", ""),
        link=_KERAS_SGD,
    ),
    edit("no-decay", "momentum", "the parameters do not decay", ("(g‹ + n.scalar(self.weight_decay) * x›)\n", "")),
    edit(
        "decay-decoupled",
        "momentum",
        "decay is kept out of the momentum: x ← (1 − αλ) x − α m",
        ("(g‹ + n.scalar(self.weight_decay) * x›)\n", ""),
        ("Advance(‹x› - ", "(1 - now.alpha * n.scalar(self.weight_decay)) * x"),
        link=_DECOUPLED,
    ),
)

_MOMENTS = (
    edit("eps-in-root", "params", "ε stands under the root", ("beta2**k)‹) + eps›)", " + eps)")),
    edit("eps-missing", "params", "there is no ε", ("beta2**k))‹ + eps›)", "")),
    edit(
        "eps-corrected",
        "params",
        "ε is divided by the bias correction too",
        ("beta2**k)) + ‹eps›)", "eps / n.sqrt(n.scalar(1 - beta2**k))"),
        link=_KERAS,
    ),
    edit("mean-uncorrected", "params", "m is not corrected", ("direction = m‹ / (1 - beta1**k)› /", "")),
    edit("moment-uncorrected", "params", "v is not corrected", ("n.sqrt(v‹ / (1 - beta2**k)›)", "")),
    edit("mean-late", "params", "m is corrected by 1 − β₁^(k+1)", ("m / (1 - beta1**‹k›)", "(k + 1)")),
    edit("moment-late", "params", "v is corrected by 1 − β₂^(k+1)", ("n.sqrt(v / (1 - beta2**‹k›)", "(k + 1)")),
    edit(
        "betas-swapped",
        "gradient_average",
        "β₁ and β₂ are exchanged",
        ("eps = n.scalar(self.beta‹1›)", "2"),
        (", n.scalar(self.beta‹2›), n", "1"),
    ),
    edit("mean-summed", "gradient_average", "m ← β₁ m + g", ("gradient_average + ‹(1 - beta1) * ›g", "")),
    edit("moment-of-mean", "second_moment", "v averages m²", ("(1 - beta2) * (‹g * g›)", "m * m")),
    edit(
        "correction-in-place",
        "gradient_average",
        "m is stored corrected, and so corrected again and again",
        ('"gradient_average": ‹m›,', "m / (1 - beta1**k)"),
    ),
    edit(
        "moment-correction-in-place",
        "second_moment",
        "v is stored corrected, and so corrected again and again",
        ('"second_moment": ‹v›}', "v / (1 - beta2**k)"),
    ),
    edit(
        "nesterov",
        "params",
        "NAdam's direction: β₁ m + (1−β₁) g in place of m",
        ("direction = ‹m› /", "(beta1 * m + (1 - beta1) * g)"),
        link="https://arxiv.org/abs/1904.10685",
    ),
    edit(
        "moment-of-surprise",
        "second_moment",
        "v averages (g − m)²: AdaBelief",
        ("(1 - beta2) * (‹g * g›)", "(g - m) * (g - m)"),
        link="https://arxiv.org/abs/2010.07468",
    ),
    edit(
        "moment-maximum",
        "second_moment",
        "v never falls: AMSGrad with one buffer",
        ("v = ‹›beta2 * state", "Vector(np.maximum, state.second_moment, "),
        ("(g * g)‹›\n", ")"),
        link="https://arxiv.org/abs/1904.09237",
    ),
)

ADAM = (
    *_MOMENTS,
    edit(
        "no-decay",
        "gradient_average",
        "the parameters do not decay",
        ("g = g‹ + now.numbers.scalar(self.weight_decay) * x›\n", ""),
    ),
    edit(
        "decay-decoupled",
        "gradient_average",
        "AdamW's decay",
        (
            "        ‹g = g + now.numbers.scalar(self.weight_decay) * x›\n",
            "x = x - now.alpha * now.numbers.scalar(self.weight_decay) * x",
        ),
        link=_DECOUPLED,
    ),
)

ADAMW = (
    *_MOMENTS,
    edit("no-decay", "params", "the parameters do not decay", ("self.moments_step(‹decay * x›, g", "x")),
    edit(
        "decay-coupled",
        "gradient_average",
        "Adam's decay, through the averages",
        ("return ‹self.moments_step(decay * x, g, state, now)›", "super().advance(x, g, state, now)"),
        link=_DECOUPLED,
    ),
    edit("decay-unscaled", "params", "1 − λ stands for 1 − αλ", ("1 - ‹now.alpha * ›now.numbers", "")),
    edit(
        "decay-inverse",
        "params",
        "1/(1 + αλ) stands for 1 − αλ",
        (
            "decay = ‹1 - now.alpha * now.numbers.scalar(self.weight_decay)›",
            "1 / (1 + now.alpha * now.numbers.scalar(self.weight_decay))",
        ),
    ),
    edit(
        "decay-after",
        "params",
        "the whole update decays: (1 − αλ)(x − α m̂/(√v̂ + ε))",
        (
            "return ‹self.moments_step(decay * x, g, state, now)›",
            "(lambda a: a._replace(params=decay * a.params))(self.moments_step(x, g, state, now))",
        ),
    ),
)
