"""Wrong variants of TAM, AdaTAM and AdaTAMW."""

from momoracle.ports.canary import Canary

_TORQUE = (
    Canary("damping-reversed", "d = (1 − ŝ)/2", "(1 + s_hat) / 2", "(1 - s_hat) / 2"),
    Canary("damping-constant", "d = ½ whatever the angle", "(1 + s_hat) / 2", "(1 + 0 * s_hat) / 2"),
    Canary(
        "weights-swapped",
        "γ's two weights exchanged",
        "gamma * average + (1 - gamma) * s",
        "(1 - gamma) * average + gamma * s",
    ),
    Canary("memoryless", "ŝ not kept", "gamma * average + (1 - gamma) * s", "s"),
    Canary(
        "norms-clamped",
        "norms at least 1e-6",
        "n.sqrt(mm) * n.sqrt(gg)",
        "n.maximum(n.sqrt(mm), 1e-6) * n.maximum(n.sqrt(gg), 1e-6)",
    ),
    Canary("one-cosine", "one cosine over all tensors", "return self.per_tensor", "return False"),
)

TAM = (
    *_TORQUE,
    Canary(
        "start-at-gradient",
        "m_0 = g_1",
        "turn = torque(state.momentum,",
        "state = state._replace(momentum=g) if now.k == 1 else state\n        turn = torque(state.momentum,",
    ),
    Canary(
        "momentum-averaged",
        "(1−β) before the gradient",
        "(n.scalar(self.eps) + turn",
        "(1 - n.scalar(self.beta)) * (n.scalar(self.eps) + turn",
    ),
    Canary("eps-missing", "the damping without ε", "n.scalar(self.eps) + turn.damping", "turn.damping"),
    Canary(
        "new-momentum",
        "the cosine against β m + g",
        "torque(state.momentum, g,",
        "torque(n.scalar(self.beta) * state.momentum + g, g,",
    ),
    Canary(
        "decay-decoupled",
        "AdamW's decay",
        "        g = g + n.scalar(self.weight_decay) * x\n",
        "        x = x - now.alpha * n.scalar(self.weight_decay) * x\n",
    ),
)

ADATAM = (
    *_TORQUE,
    Canary(
        "averaged", "(1−β₁) before the gradient", "else eps + turn.damping", "else (1 - beta1) * (eps + turn.damping)"
    ),
    Canary(
        "corrected",
        "bias correction that the method has not",
        "m / (n.sqrt(v) + eps)",
        "m / (1 - beta1**k) / (n.sqrt(v / (1 - beta2**k)) + eps)",
    ),
    Canary("eps-in-root", "ε under the root", "m / (n.sqrt(v) + eps)", "m / n.sqrt(v + eps)"),
    Canary("eps-missing", "the damping without ε", "else eps + turn.damping", "else turn.damping"),
    Canary(
        "moment-damped",
        "v from the damped gradient",
        "(1 - beta2) * (g * g)",
        "(1 - beta2) * (weight * g * (weight * g))",
    ),
)

ADATAMW = (
    *ADATAM,
    Canary("decay-unscaled", "decay without α", "1 - now.alpha * now.numbers", "1 - now.numbers"),
    Canary("no-decay", "weight decay ignored", "super().advance(decay * x,", "super().advance(x,"),
)
