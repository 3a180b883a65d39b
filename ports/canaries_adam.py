"""Wrong variants of SGD, SGDM, Adam and AdamW."""

from momoracle.ports.canary import Canary

SGD = (
    Canary("ascent", "x + α g", "x - now.alpha * (g", "x + now.alpha * (g"),
    Canary("no-decay", "weight decay ignored", "(g + now.numbers.scalar(self.weight_decay) * x)", "g"),
)

SGDM = (
    Canary("dampened", "m = β m + (1−β) g", "momentum + (g +", "momentum + (1 - n.scalar(self.beta)) * (g +"),
    Canary("nesterov", "Nesterov's step", "x - now.alpha * m,", "x - now.alpha * (g + n.scalar(self.beta) * m),"),
    Canary(
        "decay-decoupled",
        "decay kept out of the momentum",
        "(g + n.scalar(self.weight_decay) * x)\n",
        "g\n        x = x - now.alpha * n.scalar(self.weight_decay) * x\n",
    ),
)

_MOMENTS = (
    Canary("eps-in-root", "ε under the root", "(n.sqrt(v / (1 - beta2**k)) + eps)", "n.sqrt(v / (1 - beta2**k) + eps)"),
    Canary(
        "eps-corrected",
        "ε scaled by the bias correction",
        "(n.sqrt(v / (1 - beta2**k)) + eps)",
        "((n.sqrt(v) + eps) / n.sqrt(n.scalar(1 - beta2**k)))",
    ),
    Canary("mean-uncorrected", "m without bias correction", "m / (1 - beta1**k) /", "m /"),
    Canary("moment-uncorrected", "v without bias correction", "n.sqrt(v / (1 - beta2**k))", "n.sqrt(v)"),
    Canary("correction-late", "bias correction one step late", "1 - beta1**k", "1 - beta1 ** (k + 1)"),
    Canary(
        "betas-swapped",
        "β₁ and β₂ exchanged",
        "n.scalar(self.beta1), n.scalar(self.beta2)",
        "n.scalar(self.beta2), n.scalar(self.beta1)",
    ),
    Canary("mean-summed", "m = β₁ m + g", "gradient_average + (1 - beta1) * g", "gradient_average + g"),
)


ADAM = (
    *_MOMENTS,
    Canary(
        "decay-decoupled",
        "AdamW's decay",
        "        g = g + now.numbers.scalar(self.weight_decay) * x\n",
        "        x = x - now.alpha * now.numbers.scalar(self.weight_decay) * x\n",
    ),
)

ADAMW = (
    *_MOMENTS,
    Canary(
        "decay-coupled",
        "Adam's decay",
        "return self.moments_step(decay * x, g, state, now)",
        "return super().advance(x, g, state, now)",
    ),
    Canary("decay-unscaled", "decay without α", "1 - now.alpha * now.numbers", "1 - now.numbers"),
)
