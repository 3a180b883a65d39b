r"""The equations of ``equations.py`` in LaTeX, whole where the words there only name them, and as MathML."""

from functools import cache

from latex2mathml.converter import convert
from markupsafe import Markup

from momoracle.ports.methods.equations import EQUATIONS

_AVERAGES = {
    "loss_average": r"\bar f_k = \beta\, \bar f_{k-1} + (1-\beta)\, f_k",
    "gradient_average": r"d_k = \beta\, d_{k-1} + (1-\beta)\, g_k",
    "offset": r"\gamma_k = \beta\, \gamma_{k-1} + (1-\beta)\, \langle g_k, x^k \rangle",
    "weight_sum": r"\rho_k = 1 \quad\text{or}\quad \rho_k = 1 - \beta^k",
}


def _model(norm_sq: str, step: str) -> dict[str, str]:
    """Return the equations of the step in terms of the norm of d that it takes, and of the step's direction."""
    return {
        "inner_product": r"\langle d_k, x^k \rangle",
        "model_value": r"h_k = \bar f_k + \langle d_k, x^k \rangle - \gamma_k",
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
        "step_size": (
            r"\tau_k = \min\left\{ \frac{\alpha_k}{\rho_k},\; "
            r"\frac{\left( (1+\alpha_k\lambda)(\bar f_k - \gamma_k - \rho_k f_*^k)"
            rf" + \langle d_k, x^k \rangle \right)_+}}{{{norm_sq}}} \right\}}"
        ),
        "params": rf"x^{{k+1}} = \frac{{x^k - \tau_k\, {step}}}{{1 + \alpha_k\lambda}}",
    }


_MOMO = {**_AVERAGES, **_model(r"\|d_k\|^2", "d_k")}
_MOMO_ADAM = {**_AVERAGES, **_model(r"\|d_k\|^2_{D_k^{-1}}", "D_k^{-1} d_k")}
_SECOND_MOMENT = r"v_k = \beta_2\, v_{k-1} + (1-\beta_2)\, g_k^2"
_MOMENTS = {"gradient_average": r"m_k = \beta_1\, m_{k-1} + (1-\beta_1)\, g_k", "second_moment": _SECOND_MOMENT}
_ADAM_STEP = (
    r"\alpha_k\, \frac{\hat m_k}{\sqrt{\hat v_k} + \varepsilon},"
    r"\quad \hat m_k = \frac{m_k}{1-\beta_1^k},\; \hat v_k = \frac{v_k}{1-\beta_2^k}"
)
_TORQUE = {
    "cosine": r"s_t = \frac{\langle m_{t-1}, g_t \rangle}{\|m_{t-1}\|\, \|g_t\|}",
    "cosine_average": r"\hat s_t = \gamma\, \hat s_{t-1} + (1-\gamma)\, s_t",
    "damping": r"d_t = \frac{1 + \hat s_t}{2}",
    "momentum": r"m_t = \beta\, m_{t-1} + (\varepsilon + d_t)\, g_t",
}
_ADATAM = {**_TORQUE, "second_moment": r"v_t = \beta_2\, v_{t-1} + (1-\beta_2)\, g_t^2"}
_ADATAM_STEP = r"\eta\, \frac{m_t}{\sqrt{v_t} + \varepsilon}"

#: algorithm -> quantity -> LaTeX; the same keys as ``equations.EQUATIONS``
LATEX: dict[str, dict[str, str]] = {
    "sgd": {"params": r"x^{k+1} = x^k - \alpha_k (g_k + \lambda x^k)"},
    "sgdm": {
        "momentum": r"m_k = \beta\, m_{k-1} + (g_k + \lambda x^k)",
        "params": r"x^{k+1} = x^k - \alpha_k m_k",
    },
    "adam": {**_MOMENTS, "params": rf"x^{{k+1}} = x^k - {_ADAM_STEP}"},
    "adamw": {**_MOMENTS, "params": rf"x^{{k+1}} = (1 - \alpha_k\lambda)\, x^k - {_ADAM_STEP}"},
    "momo": _MOMO,
    "momo-adam": {
        **_MOMO_ADAM,
        "second_moment": _SECOND_MOMENT,
        "preconditioner": r"D_k = \varepsilon + \sqrt{\frac{v_k}{1 - \beta_2^k}}",
    },
    "tam": {**_TORQUE, "params": r"\theta_{t+1} = \theta_t - \eta\, m_t"},
    "adatam": {**_ADATAM, "params": rf"\theta_{{t+1}} = \theta_t - {_ADATAM_STEP}"},
    "adatamw": {**_ADATAM, "params": rf"\theta_{{t+1}} = (1 - \eta\lambda)\, \theta_t - {_ADATAM_STEP}"},
}


@cache
def typeset(algorithm: str, quantity: str) -> Markup:
    """Return the equation of a quantity as MathML on a line of its own; raises `KeyError` where there is none."""
    return Markup(convert(LATEX[algorithm][quantity], display="block"))  # our own text: nothing of a port is in it


def quantity_of(algorithm: str, equation: str) -> str | None:
    """Return the quantity whose equation reads like this in ``equations.EQUATIONS``, or None."""
    return next((name for name, text in EQUATIONS[algorithm].items() if text == equation), None)
