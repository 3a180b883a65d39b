"""Departures that keep one buffer in float32 under float64 parameters: the step reads what the buffer holds."""

from collections.abc import Iterator

from momoracle.ports.departures.departure import Departure

_MOMO_OPT = "https://github.com/fabian-sp/MoMo"

# Where the text computes each buffer: an insertion after it, and the name that it has there.
_AVERAGES = {
    "loss_average": ("(1 - beta) * f‹›\n", "f_bar"),
    "gradient_average": ("else d) + (1 - beta) * g‹›\n", "d"),
    "offset": ("else gamma) + (1 - beta) * gx‹›\n", "gamma"),
}
_MOMENT = ("(1 - beta2) * (g * g)‹›\n", "v")
_COSINE = ("fading - 1, 1 - fading)‹›\n", "s_hat")
_MEAN = ("gradient_average + (1 - beta1) * g‹›\n", "m")
_ADAM = {"gradient_average": _MEAN, "second_moment": _MOMENT}
_ADATAM = {"cosine_average": _COSINE, "momentum": ("+ weight * g‹›\n", "m"), "second_moment": _MOMENT}

PLACES: dict[str, dict[str, tuple[str, str]]] = {
    "sgd": {},
    "sgdm": {"momentum": ("(g + n.scalar(self.weight_decay) * x)‹›\n", "m")},
    "adam": _ADAM,
    "adamw": _ADAM,
    "momo": _AVERAGES,
    "momo-adam": {
        "loss_average": ("(1 - beta1) * f‹›\n", "f_bar"),
        "gradient_average": (_MEAN[0], "d"),
        "second_moment": _MOMENT,
        "offset": ("state.offset + (1 - beta1) * gx‹›\n", "gamma"),
    },
    "tam": {"cosine_average": _COSINE, "momentum": ("turn.damping) * g‹›\n", "m")},
    "adatam": _ADATAM,
    "adatamw": _ADATAM,
}


def narrow_buffers(algorithm: str) -> Iterator[Departure]:
    """Yield one departure a buffer."""
    for name, (place, variable) in PLACES[algorithm].items():
        indent = "    " if variable == "s_hat" else "        "
        yield Departure(
            f"{name.replace('_', '-')}-float32",
            f"{name} is kept in float32 under float64 parameters",
            name,
            edits=((place, f"\n{indent}{variable} = float32({variable})"),),
            rounds=True,
            link=_MOMO_OPT if name == "offset" else "",
        )
