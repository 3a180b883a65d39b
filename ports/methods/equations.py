"""Which equation gives which quantity, in the order in which a step computes them."""

_ADAM = "Kingma & Ba, Algorithm 1"
_AVERAGES = {
    "loss_average": "MoMo, averages: f̄ ← β f̄ + (1−β) f",
    "gradient_average": "MoMo, averages: d ← β d + (1−β) g",
    "offset": "MoMo, averages: γ ← β γ + (1−β) <g, x>",
    "weight_sum": "MoMo, averages: ρ = 1, or 1 − β^k",
}
_MODEL = {
    "inner_product": "MoMo (15): <d, x>",
    "model_value": "MoMo, model: h = f̄ + <d, x> − γ",
    "direction_norm_sq": "MoMo (15): ‖d‖² in the norm of D⁻¹",
    "lower_bound": "MoMo, estimate of f_*: reset and safeguard",
    "step_size": "MoMo (15)",
    "params": "MoMo (16)",
}
_TORQUE = {
    "cosine": "TAM 2.1: s = <m, g> / (‖m‖ ‖g‖)",
    "cosine_average": "TAM 2.1: ŝ ← γ ŝ + (1−γ) s",
    "damping": "TAM 2.1: d = (1 + ŝ)/2",
    "momentum": "TAM 2.1: m ← β m + (ε + d) g",
}
_ADATAM = {**_TORQUE, "second_moment": "AdaTAM as restated: v ← β₂ v + (1−β₂) g²"}
_MOMENTS = {"gradient_average": f"{_ADAM}: m ← β₁ m + (1−β₁) g", "second_moment": f"{_ADAM}: v ← β₂ v + (1−β₂) g²"}

EQUATIONS: dict[str, dict[str, str]] = {
    "sgd": {"params": "gradient descent: x ← x − α (g + λ x)"},
    "sgdm": {"momentum": "heavy ball: m ← β m + (g + λ x)", "params": "heavy ball: x ← x − α m"},
    "adam": {**_MOMENTS, "params": f"{_ADAM}: x ← x − α m̂ / (√v̂ + ε)"},
    "adamw": {**_MOMENTS, "params": "Loshchilov & Hutter, Algorithm 2: x ← (1 − α λ) x − α m̂ / (√v̂ + ε)"},
    "momo": {**_AVERAGES, **_MODEL},
    "momo-adam": {
        **_AVERAGES,
        "second_moment": "MoMo-Adam: v ← β₂ v + (1−β₂) g²",
        "preconditioner": "MoMo-Adam: D = ε + √(v / (1 − β₂^k))",
        **_MODEL,
    },
    "tam": {**_TORQUE, "params": "TAM 2.1: θ ← θ − η m"},
    "adatam": {**_ADATAM, "params": "AdaTAM as restated: θ ← θ − η m / (√v + ε)"},
    "adatamw": {**_ADATAM, "params": "AdaTAMW as restated: θ ← (1 − η λ) θ − η m / (√v + ε)"},
}


def order(algorithm: str, quantity: str) -> int:
    """Return the place of ``quantity`` within a step; those the table does not have come just before the parameters."""
    names = list(EQUATIONS[algorithm])
    return names.index(quantity) * 2 if quantity in names else names.index("params") * 2 - 1


def equation(algorithm: str, quantity: str) -> str:
    """Return the equation that gives ``quantity``, or the algorithm's name where the table has none."""
    return EQUATIONS[algorithm].get(quantity, algorithm)
