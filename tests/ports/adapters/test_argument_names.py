from collections.abc import Callable
from typing import Any

import pytest

from momoracle.ports.adapters.argument_names import arguments_of, match
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.protocol import NotOffered, Schedule, plain
from momoracle.reference import ALGORITHMS


def momo(learning_rate: float = 1.0, momentum: float = 0.9, f_star: float = 0.0) -> None: ...


def packed(params: Any, lr: float, betas: tuple[float, float], divide: bool, epsilon: float, **kwargs: Any) -> None: ...


def test_aliases_are_found_and_defaults_are_the_papers_not_the_ports() -> None:
    accepted, others = arguments_of(momo)
    assert not others
    arguments = match("momo", {"lr": 0.5, "beta": 0.25}, accepted)
    assert arguments == {"learning_rate": 0.5, "momentum": 0.25, "f_star": 0.0}


def test_packed_betas_and_negated_switch() -> None:
    accepted, _ = arguments_of(packed)
    arguments = match("momo-adam", {"lr": 0.5, "beta2": 0.5, "decoupled_decay": True}, accepted)
    assert arguments == {"lr": 0.5, "betas": (0.9, 0.5), "divide": False, "epsilon": 1e-8}


@pytest.mark.parametrize(
    ("given", "feature"),
    [
        ({"bias_correction": True}, "bias_correction"),
        ({"weight_decay": 0.1}, "weight_decay"),
        ({"invented": 0.0}, "invented"),
    ],
)
def test_what_is_not_the_default_is_not_offered(given: dict[str, Any], feature: str) -> None:
    accepted, _ = arguments_of(momo)
    with pytest.raises(NotOffered, match=feature):
        match("momo", {"lr": 0.5, **given}, accepted)


def test_defaults_that_are_given_are_no_feature() -> None:
    accepted, _ = arguments_of(momo)
    assert match("momo", {"lr": 0.5, "bias_correction": False, "weight_decay": 0.0}, accepted)["learning_rate"] == 0.5


def test_a_port_without_a_learning_rate_offers_nothing() -> None:
    with pytest.raises(NotOffered, match=r"^lr$"):
        match("sgd", {"lr": 0.5}, {"weight_decay"})


def test_open_keywords_get_momoracles_names() -> None:
    arguments = match("tam", {"lr": 0.5, "beta": 0.5, "gamma": 0.25}, {"learning_rate"}, others=True)
    assert arguments == {"learning_rate": 0.5, "beta": 0.5, "gamma": 0.25}


def test_switches_decide_the_convention() -> None:
    accepted = {"lr", "weight_decay", "weight_decouple", "decay_rate"}
    assert match("tam", {"lr": 1.0}, accepted)["weight_decouple"] is False
    assert match("adatamw", {"lr": 1.0}, accepted)["weight_decouple"] is True
    assert match("adatam", {"lr": 1.0}, {"lr", "weight_decay"})["weight_decay"] == 0.0
    assert match("sgd", {"lr": 1.0}, {"lr", "momentum", "weight_decay"})["momentum"] == 0.0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_switch_is_a_hyperparameter(algorithm: str) -> None:
    method = facts_of(algorithm)
    assert not set(method.defaults) & set(method.switches)


def test_schedules_count_from_one() -> None:
    schedule = plain({"lr": (1.0, 0.5)})["lr"]
    assert schedule == Schedule((1.0, 0.5))
    assert [schedule(1), schedule(2)] == [1.0, 0.5]
    with pytest.raises(IndexError, match="k=0"):
        schedule(0)


def published(module: str, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(pytest.importorskip(module), name)
    return found


@pytest.mark.ports
@pytest.mark.parametrize(
    ("algorithm", "module", "name", "expected"),
    [
        ("momo", "momo", "Momo", {"lr": 0.5, "beta": 0.9, "lb": 0.0, "use_fstar": False, "bias_correction": False}),
        ("momo-adam", "momo", "MomoAdam", {"betas": (0.9, 0.999), "divide": True, "eps": 1e-8}),
        ("momo", "optax.contrib", "momo", {"learning_rate": 0.5, "lower_bound": 0.0, "adapt_lower_bound": False}),
        ("momo-adam", "optax.contrib", "momo_adam", {"b1": 0.9, "b2": 0.999, "adapt_lower_bound": False}),
        ("tam", "pytorch_optimizer", "TAM", {"momentum": 0.9, "decay_rate": 0.9, "weight_decouple": False}),
        ("adatam", "pytorch_optimizer", "AdaTAM", {"betas": (0.9, 0.999), "decay_rate": 0.9, "weight_decay": 0.0}),
        ("adatamw", "pytorch_optimizer", "AdaTAM", {"weight_decouple": True, "weight_decay": 0.01}),
        ("sgd", "torch.optim", "SGD", {"lr": 0.5, "momentum": 0.0, "dampening": 0.0, "nesterov": False}),
        ("sgdm", "torch.optim", "SGD", {"momentum": 0.9, "dampening": 0.0}),
        ("adam", "torch.optim", "Adam", {"betas": (0.9, 0.999), "decoupled_weight_decay": False}),
        ("adamw", "torch.optim", "AdamW", {"weight_decay": 0.01, "amsgrad": False}),
        ("adam", "optax", "adam", {"b1": 0.9, "eps": 1e-8, "eps_root": 0.0, "nesterov": False}),
        ("adam", "keras.optimizers", "Adam", {"beta_1": 0.9, "epsilon": 1e-8, "learning_rate": 0.5}),
    ],
)
def test_published_signatures(
    algorithm: str, module: str, name: str, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    accepted, _ = arguments_of(published(module, name))
    arguments = match(algorithm, {"lr": 0.5}, accepted)
    assert expected.items() <= arguments.items()
    assert set(arguments) <= accepted


@pytest.mark.ports
def test_published_ports_without_a_feature() -> None:
    accepted, _ = arguments_of(published("optax.contrib", "momo"))
    with pytest.raises(NotOffered, match="bias_correction"):
        match("momo", {"lr": 1.0, "bias_correction": True}, accepted)
    accepted, _ = arguments_of(published("optax", "adam"))
    with pytest.raises(NotOffered, match="weight_decay"):
        match("adam", {"lr": 1.0, "weight_decay": 0.1}, accepted)
