"""SGD, SGDM, Adam and AdamW: what their texts do not tell."""

from momoracle.ports.methods.facts import Setting, StatedFacts

COUPLED: dict[str, Setting] = {"weight_decouple": False, "decoupled_weight_decay": False, "fixed_decay": False}
DECOUPLED: dict[str, Setting] = {"weight_decouple": True, "decoupled_weight_decay": True, "fixed_decay": False}

_SGD: dict[str, Setting] = {"nesterov": False, "dampening": 0.0, "maximize": False}
_ADAM: dict[str, Setting] = {"amsgrad": False, "nesterov": False, "eps_root": 0.0, "maximize": False}
_PAPER = "Kingma & Ba, Algorithm 1"
_MOMENTS = {
    "gradient_average": f"{_PAPER}: m ← β₁ m + (1−β₁) g",
    "second_moment": f"{_PAPER}: v ← β₂ v + (1−β₂) g²",
}
_STEP = (
    r"\alpha_k\, \frac{\hat m_k}{\sqrt{\hat v_k} + \varepsilon},"
    r"\quad \hat m_k = \frac{m_k}{1-\beta_1^k},\; \hat v_k = \frac{v_k}{1-\beta_2^k}"
)

STATED = {
    "sgd": StatedFacts(
        title="SGD",
        switches={"momentum": 0.0, **_SGD, **COUPLED},
        equations={"params": "gradient descent: x ← x − α (g + λ x)"},
        hints=("sgd",),
    ),
    "sgdm": StatedFacts(
        title="SGD with momentum",
        switches={**_SGD, **COUPLED},
        equations={"momentum": "heavy ball: m ← β m + (g + λ x)", "params": "heavy ball: x ← x − α m"},
        hints=("sgdm",),
    ),
    "adam": StatedFacts(
        title="Adam",
        switches={**_ADAM, **COUPLED},
        equations={**_MOMENTS, "params": f"{_PAPER}: x ← x − α m̂ / (√v̂ + ε)"},
        latex={"params": rf"x^{{k+1}} = x^k - {_STEP}"},
        direction="params",
    ),
    "adamw": StatedFacts(
        title="AdamW",
        switches={**_ADAM, **DECOUPLED},
        equations={**_MOMENTS, "params": "Loshchilov & Hutter, Algorithm 2: x ← (1 − α λ) x − α m̂ / (√v̂ + ε)"},
        latex={"params": rf"x^{{k+1}} = (1 - \alpha_k\lambda)\, x^k - {_STEP}"},
        direction="params",
    ),
}
