"""Cases of MoMo and MoMo-Adam: every branch of the step size and of the estimated lower bound."""

from collections.abc import Iterator
from typing import Any

from momoracle.reference.golden.cases import Case, Maker


def momo_cases(make: Maker) -> Iterator[Case]:
    """Yield the cases of the methods with a momentum model; which branches they reach is told from their run."""
    adam = make.algorithm == "momo-adam"
    low = 0.01 if adam else 0.05
    yield make.drawn("capped", "a small learning rate caps every step", ["cap"], lr=low)
    yield make.drawn("polyak", "a large learning rate never caps", ["polyak"], lr=50.0, losses=(0.2, 0.8))
    yield make.drawn(
        "polyak-several",
        "Polyak steps over several tensors",
        ["polyak", "several_tensors"],
        shapes=((2,), (), (2, 2)),
        lr=50.0,
        losses=(0.2, 0.8),
    )
    yield make.drawn(
        "no-step", "losses that fall below the bound", ["no_step"], lr=1.0, losses=(0.1, 0.4), lower_bound=0.9
    )
    yield make.drawn("bound", "a positive lower bound", ["lower_bound"], lr=50.0, losses=(1.0, 2.0), lower_bound=0.75)
    yield make.drawn(
        "bound-negative", "a negative lower bound", ["lower_bound"], lr=50.0, losses=(-0.5, 0.5), lower_bound=-1.0
    )
    yield make.drawn("bound-absent", "no lower bound", ["no_lower_bound"], lr=0.1, lower_bound=float("-inf"))
    for name, lr, words in (("decay-polyak", 3.0, "Polyak steps"), ("decay-capped", low, "capped steps")):
        yield make.drawn(
            name, f"{words} with weight decay", ["weight_decay"], lr=lr, losses=(0.5, 2.0), weight_decay=0.25
        )
    yield make.drawn(
        "decay-bound",
        "weight decay and a positive lower bound",
        ["weight_decay", "lower_bound"],
        lr=3.0,
        losses=(1.0, 2.0),
        lower_bound=0.75,
        weight_decay=0.25,
    )
    yield make.drawn(
        "estimate", "lower bound estimated, guess 0", ["estimate"], lr=0.5, estimate_lower_bound=True, steps=8
    )
    yield make.drawn(
        "estimate-polyak",
        "lower bound estimated, long steps",
        ["estimate"],
        lr=50.0,
        losses=(1.0, 2.0),
        estimate_lower_bound=True,
        steps=8,
    )
    yield make.drawn(
        "estimate-low",
        "a guess far below",
        ["estimate"],
        lr=50.0,
        losses=(1.0, 2.0),
        lower_bound=-10.0,
        estimate_lower_bound=True,
        steps=8,
    )
    yield make.drawn(
        "estimate-decay",
        "lower bound estimated, weight decay",
        ["estimate", "weight_decay"],
        lr=1.0,
        losses=(0.5, 3.0),
        weight_decay=0.25,
        estimate_lower_bound=True,
        steps=8,
    )
    yield make.drawn(
        "estimate-guarded",
        "losses under the first guess, below which no estimate goes",
        ["estimate"],
        lr=1.0,
        losses=(0.1, 0.4),
        lower_bound=0.9,
        estimate_lower_bound=True,
    )
    falling = make.drawn(
        "estimate-falling",
        "losses that fall under the estimate",
        ["estimate"],
        lr=1.0,
        estimate_lower_bound=True,
        lower_bound=-4.0,
        steps=8,
    )
    yield make.given(
        falling.name,
        falling.comment,
        falling.flags,
        falling.params,
        [8.0, 4.0, 2.0, 1.0, 0.5, -1.0, -2.0, -3.0],
        falling.grads,
        **dict[str, Any](falling.hyperparameters),
    )
    if adam:
        for name, lr, words in (("decoupled", 3.0, "long steps"), ("decoupled-capped", low, "capped steps")):
            yield make.drawn(
                name, f"AdamW-like decay, {words}", ["decoupled_decay"], lr=lr, weight_decay=0.1, decoupled_decay=True
            )
    else:
        yield from _bias_corrected(make)
    yield from _delicate(make)


def _bias_corrected(make: Maker) -> Iterator[Case]:
    for name, lr, losses, words in (
        ("bias", 0.05, (0.5, 2.0), "capped"),
        ("bias-polyak", 50.0, (0.2, 0.8), "Polyak steps"),
        ("bias-bound", 50.0, (1.0, 2.0), "with a lower bound"),
        ("bias-estimate", 1.0, (1.0, 2.0), "with an estimated bound"),
        ("bias-decay", 3.0, (0.5, 2.0), "with weight decay"),
    ):
        yield make.drawn(
            name,
            f"averages from zero, {words}",
            ["bias_correction"],
            lr=lr,
            losses=losses,
            bias_correction=True,
            lower_bound=0.5 if name == "bias-bound" else 0.0,
            weight_decay=0.25 if name == "bias-decay" else 0.0,
            estimate_lower_bound=name == "bias-estimate",
        )


def _delicate(make: Maker) -> Iterator[Case]:
    distance = 1e6 if make.dtype == "float64" else 1e2
    yield make.drawn(
        "far", f"parameters near {distance:g}", ["far_optimum"], lr=50.0, shift=distance, losses=(0.2, 0.8)
    )
    yield make.drawn(
        "fine", "losses whose differences are small", ["fine_difference"], lr=50.0, losses=(1.0, 1.01), lower_bound=0.99
    )
