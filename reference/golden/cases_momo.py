"""Cases of methods with a momentum model, as MoMo: every branch of the step size and of the estimated lower bound."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flint import arb

from momoracle.reference.golden.cases import Case, Maker
from momoracle.reference.golden.vectors import Hyperparameter
from momoracle.reference.numbers.rounded_balls import Rounded


class Taken(NamedTuple):
    """One step that was taken in balls: the state before and after it, its trace, and α."""

    hyperparameters: Mapping[str, Hyperparameter]
    before: Any
    after: Any
    trace: Any
    alpha: Rounded


def model_branches(step: Taken) -> set[str]:
    """Return the flags of the branches that a step took, read off its exact quantities."""
    trace, settings = step.trace, step.hyperparameters
    tau, initial = trace.step_size.value, arb(settings["lower_bound"])
    flags = set()
    # Which operand of min{α/ρ, (…)₊/‖d‖²} the step size is, or that it is 0 because d is.
    if trace.direction_norm_sq.value.is_zero():
        flags.add("zero_direction")
    elif tau.is_zero():
        flags.add("no_step")
    elif tau < (step.alpha / trace.weight_sum).value:
        flags.add("polyak")
    else:
        flags.add("cap")
    if settings["weight_decay"] and not tau.contains(0):
        flags.add("decay_with_step")
    if settings["estimate_lower_bound"]:
        if trace.lower_bound.value < step.before.next_lower_bound.value:
            flags.add("reset")
        if (step.after.next_lower_bound.value - initial).is_zero():
            flags.add("safeguard")
    return flags


def model_cases(make: Maker) -> Iterator[Case]:
    """Yield the cases of the methods with a momentum model; which branches they reach is read off their run."""
    low = 0.01 if make.has("beta2") else 0.05  # an adaptive step is longer, so its cap has to be lower
    yield make.draw("capped", "a small learning rate caps every step", ["cap"], lr=low)
    yield make.draw("polyak", "a large learning rate never caps", ["polyak"], lr=50.0, losses=(0.2, 0.8))
    yield make.draw(
        "polyak-several",
        "Polyak steps over several tensors",
        ["polyak", "several_tensors"],
        shapes=((2,), (), (2, 2)),
        lr=50.0,
        losses=(0.2, 0.8),
    )
    yield make.draw(
        "no-step", "losses that fall below the bound", ["no_step"], lr=1.0, losses=(0.1, 0.4), lower_bound=0.9
    )
    yield make.draw("bound", "a positive lower bound", ["lower_bound"], lr=50.0, losses=(1.0, 2.0), lower_bound=0.75)
    yield make.draw(
        "bound-negative", "a negative lower bound", ["lower_bound"], lr=50.0, losses=(-0.5, 0.5), lower_bound=-1.0
    )
    yield make.draw("bound-absent", "no lower bound", ["no_lower_bound"], lr=0.1, lower_bound=float("-inf"))
    for name, lr, words in (("decay-polyak", 3.0, "Polyak steps"), ("decay-capped", low, "capped steps")):
        yield make.draw(
            name, f"{words} with weight decay", ["weight_decay"], lr=lr, losses=(0.5, 2.0), weight_decay=0.25
        )
    yield make.draw(
        "decay-bound",
        "weight decay and a positive lower bound",
        ["weight_decay", "lower_bound"],
        lr=3.0,
        losses=(1.0, 2.0),
        lower_bound=0.75,
        weight_decay=0.25,
    )
    yield make.draw(
        "estimate", "lower bound estimated, guess 0", ["estimate"], lr=0.5, estimate_lower_bound=True, steps=8
    )
    yield make.draw(
        "estimate-polyak",
        "lower bound estimated, long steps",
        ["estimate"],
        lr=50.0,
        losses=(1.0, 2.0),
        estimate_lower_bound=True,
        steps=8,
    )
    yield make.draw(
        "estimate-low",
        "a guess far below",
        ["estimate"],
        lr=50.0,
        losses=(1.0, 2.0),
        lower_bound=-10.0,
        estimate_lower_bound=True,
        steps=8,
    )
    yield make.draw(
        "estimate-decay",
        "lower bound estimated, weight decay",
        ["estimate", "weight_decay"],
        lr=1.0,
        losses=(0.5, 3.0),
        weight_decay=0.25,
        estimate_lower_bound=True,
        steps=8,
    )
    yield make.draw(
        "estimate-guarded",
        "losses under the first guess, below which no estimate goes",
        ["estimate"],
        lr=1.0,
        losses=(0.1, 0.4),
        lower_bound=0.9,
        estimate_lower_bound=True,
    )
    falling = make.draw(
        "estimate-falling",
        "losses that fall under the estimate",
        ["estimate"],
        lr=1.0,
        estimate_lower_bound=True,
        lower_bound=-4.0,
        steps=8,
    )
    yield make.prescribe(
        falling.name,
        falling.comment,
        falling.flags,
        falling.params,
        [8.0, 4.0, 2.0, 1.0, 0.5, -1.0, -2.0, -3.0],
        falling.grads,
        **dict[str, Any](falling.hyperparameters),
    )
    if make.has("decoupled_decay"):
        for name, lr, words in (("decoupled", 3.0, "long steps"), ("decoupled-capped", low, "capped steps")):
            yield make.draw(
                name, f"AdamW-like decay, {words}", ["decoupled_decay"], lr=lr, weight_decay=0.1, decoupled_decay=True
            )
    if make.has("bias_correction"):
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
        yield make.draw(
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
    yield make.draw("far", f"parameters near {distance:g}", ["far_optimum"], lr=50.0, shift=distance, losses=(0.2, 0.8))
    yield make.draw(
        "fine", "losses whose differences are small", ["fine_difference"], lr=50.0, losses=(1.0, 1.01), lower_bound=0.99
    )
