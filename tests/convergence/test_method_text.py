"""Methods as text: names and options of the package's, and a user's own class in a file."""

from typing import Any

import pytest
from support.own_methods import NESTEROV, NGN, write_method
from support.zoo_small import small

from momoracle import MoMo
from momoracle.convergence import NO_CAP
from momoracle.convergence.method_text import expand_grid, make_method, method_from_text, method_label
from momoracle.reference.frame.registry import AlgorithmError


def test_a_class_in_a_file_is_a_method() -> None:
    method: Any = method_from_text(f"{NESTEROV}:lr=0.5,beta=0.25", small("hinge"))
    assert (type(method).__name__, method.lr, method.beta) == ("Nesterov", 0.5, 0.25)
    assert method_label(method) == "Nesterov:lr=0.5,beta=0.25"
    assert method_from_text(NGN, small("hinge")).needs_loss


def test_the_colon_of_a_file_is_no_options() -> None:
    assert expand_grid(NESTEROV) == [NESTEROV]
    assert expand_grid(f"{NESTEROV}:lr=1|2") == [f"{NESTEROV}:lr=1", f"{NESTEROV}:lr=2"]


def test_momo_has_the_problems_lower_bound_and_no_cap() -> None:
    method = make_method("momo", {}, small("huber"))
    assert method == MoMo(lr=NO_CAP, lower_bound=1.0)
    assert method_from_text("momo:lr=2", small("huber")) == MoMo(lr=2.0, lower_bound=1.0)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("sgdd", AlgorithmError, "did you mean sgd"),
        (f"{NESTEROV}x", AlgorithmError, "did you mean Nesterov"),
        (f"{NESTEROV}:betta=1", ValueError, "has no option betta; it has lr, beta; did you mean beta?"),
        ("momo:beta", ValueError, "'beta' in 'momo:beta' has no value; write beta=VALUE"),
        ("momo:beta=high", ValueError, "beta is 'high'; allowed: a number"),
        ("momo:bias_correction=2", ValueError, "bias_correction is '2'; allowed: yes or no"),
    ],
)
def test_what_is_wrong_is_named(text: str, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says.replace("?", r"\?")):
        method_from_text(text, small("hinge"))


def test_an_option_without_a_default_is_asked_for(tmp_path: Any) -> None:
    needs = write_method(tmp_path, ("    lr: LearningRate = 0.1", "    lr: LearningRate"), name="needs_rate")
    with pytest.raises(ValueError, match=r"needs_rate.py:Own needs lr; write .*needs_rate.py:Own:lr=VALUE"):
        method_from_text(needs, small("hinge"))
