"""MoMo and MoMo-Adam: what their texts do not tell."""

from momoracle.ports.methods.facts import StatedFacts

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


def _latex(norm_sq: str, step: str) -> dict[str, str]:
    """Return the formulas that the docstrings do not have, in terms of the norm of d and of the step's direction."""
    return {
        "weight_sum": r"\rho_k = 1 \quad\text{or}\quad \rho_k = 1 - \beta^k",
        "direction_norm_sq": rf"{norm_sq} = \langle d_k,\, {step} \rangle",
        "lower_bound": (
            r"\begin{split}"
            r"c_k &= (1+\alpha_k\lambda)(\bar f_k - \gamma_k) + \langle d_k, x^k \rangle \\"
            r"f_*^k &\leftarrow \max\left\{ \frac{c_k}{2(1+\alpha_k\lambda)\rho_k},\; f_*^1 \right\}"
            r" \quad\text{if}\quad c_k < (1+\alpha_k\lambda)\,\rho_k f_*^k \\"
            rf"f_*^{{k+1}} &= \max\left\{{ \frac{{1}}{{\rho_k}}\left( h_k - \frac{{1}}{{2}}\tau_k {norm_sq} \right),"
            r"\; f_*^1 \right\}"
            r"\end{split}"
        ),
    }


STATED = {
    "momo": StatedFacts(
        title="MoMo",
        equations={**_AVERAGES, **_MODEL},
        latex=_latex(r"\|d_k\|^2", "d_k"),
        hints=("momo",),
    ),
    "momo-adam": StatedFacts(
        title="MoMo-Adam",
        equations={
            **_AVERAGES,
            "second_moment": "MoMo-Adam: v ← β₂ v + (1−β₂) g²",
            "preconditioner": "MoMo-Adam: D = ε + √(v / (1 − β₂^k))",
            **_MODEL,
        },
        latex=_latex(r"\|d_k\|^2_{D_k^{-1}}", "D_k^{-1} d_k"),
        hints=("momo",),
    ),
}
