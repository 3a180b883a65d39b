"""TAM, AdaTAM and AdaTAMW: what their texts do not tell."""

from momoracle.ports.methods.classic import COUPLED, DECOUPLED
from momoracle.ports.methods.facts import StatedFacts

_TORQUE = {
    "cosine": "TAM 2.1: s = <m, g> / (‖m‖ ‖g‖)",
    "cosine_average": "TAM 2.1: ŝ ← γ ŝ + (1−γ) s",
    "damping": "TAM 2.1: d = (1 + ŝ)/2",
    "momentum": "TAM 2.1: m ← β m + (ε + d) g",
}
_ADATAM = {**_TORQUE, "second_moment": "AdaTAM as restated: v ← β₂ v + (1−β₂) g²"}
_STEP = r"\eta\, \frac{m_k}{\sqrt{v_k} + \varepsilon}"
_WEIGHTS = {"gradient": ("the weight of the gradient, ε + d", "damping")}

STATED = {
    "tam": StatedFacts(
        title="TAM",
        # The last two are switches of AdaTAM: a port of both may have them.
        switches={"maximize": False, **COUPLED, "averaged_momentum": False, "bias_correction": False},
        equations={**_TORQUE, "params": "TAM 2.1: θ ← θ − η m"},
        latex={"params": r"\theta^{k+1} = \theta^k - \eta\, m_k"},
        direction="cosine",
        weights=_WEIGHTS,
        hints=("tam",),
    ),
    "adatam": StatedFacts(
        title="AdaTAM",
        equations={**_ADATAM, "params": "AdaTAM as restated: θ ← θ − η m / (√v + ε)"},
        latex={"params": rf"\theta^{{k+1}} = \theta^k - {_STEP}"},
        weights=_WEIGHTS,
        hints=("tam",),
    ),
    "adatamw": StatedFacts(
        title="AdaTAMW",
        switches={"maximize": False, **DECOUPLED},
        equations={**_ADATAM, "params": "AdaTAMW as restated: θ ← (1 − η λ) θ − η m / (√v + ε)"},
        latex={"params": rf"\theta^{{k+1}} = (1 - \eta\lambda)\, \theta^k - {_STEP}"},
        weights=_WEIGHTS,
        hints=("tam",),
    ),
}
