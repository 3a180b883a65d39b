r"""S6: the defaults of every method are those of its source.

Status: restated.

Statement. A method without arguments has the hyperparameters of the table `DEFAULTS`: MoMo's and TAM's are those of
their papers and of the authors' code, those of SGD, Adam and AdamW the ones of ``torch.optim`` (SGDM with β = 0.9).
"""

from typing import Any

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.refutation import wrong

_ADAM = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
_ADATAM = {**_ADAM, "gamma": 0.9, "per_tensor": True, "averaged_momentum": False, "bias_correction": False}
DEFAULTS: dict[str, dict[str, Any]] = {
    "sgd": {"lr": 1e-3, "weight_decay": 0.0},
    "sgdm": {"lr": 1e-3, "beta": 0.9, "weight_decay": 0.0},
    "adam": {**_ADAM, "weight_decay": 0.0},
    "adamw": {**_ADAM, "weight_decay": 0.01},
    "momo": {
        "lr": 1.0,
        "beta": 0.9,
        "lower_bound": 0.0,
        "weight_decay": 0.0,
        "bias_correction": False,
        "estimate_lower_bound": False,
    },
    "momo_adam": {
        **_ADAM,
        "lr": 1e-2,
        "lower_bound": 0.0,
        "weight_decay": 0.0,
        "estimate_lower_bound": False,
        "decoupled_decay": False,
    },
    "tam": {"lr": 1e-1, "beta": 0.9, "gamma": 0.9, "eps": 1e-8, "weight_decay": 0.0, "per_tensor": True},
    "adatam": _ADATAM,
    "adatamw": {**_ADATAM, "weight_decay": 0.01},
}


def check_defaults(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Compare the hyperparameters of each method without arguments with the table."""
    count = 0
    for name, expected in DEFAULTS.items():
        observed = vars(getattr(optimizers, name)())
        require(observed == expected, f"{name}'s defaults are {observed}, not {expected}")
        count += len(expected)
    return Evidence(f"{count} defaults of {len(DEFAULTS)} methods")


CLAIM = Claim(
    id="S6",
    title="Every method's defaults are those of its source",
    source="the papers, the authors' code, and torch.optim",
    status="restated",
    kind="definition",
    statement=r"\alpha,\ \beta,\ \gamma,\ \varepsilon,\ \lambda,\ f_*\ \text{as in the sources}",
    methods=(CheckMethod("property", "each method without arguments", check_defaults),),
    refutations=(
        Refutation("Adam with ε = 10⁻⁷", (check_defaults,), wrong("adam", ("eps: Nonnegative = ‹1e-8›", "1e-7"))),
        Refutation(
            "MoMo starts its averages at zero",
            (check_defaults,),
            wrong("momo", ("bias_correction: bool = ‹False›", "True")),
        ),
    ),
)
