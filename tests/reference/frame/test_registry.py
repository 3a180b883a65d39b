"""A method by its name or by FILE.py:CLASS, and what is said where there is none."""

from pathlib import Path

import pytest
from support.own_methods import NESTEROV, write_method

import momoracle
from momoracle.reference import ALGORITHMS, AlgorithmError, Method, method_of
from momoracle.reference.frame.registry import is_own, name_of


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_name_is_a_method_of_the_package(algorithm: str) -> None:
    method = method_of(algorithm)
    assert getattr(momoracle, method.__name__) is method
    assert is_own(algorithm)
    assert name_of(algorithm) == algorithm


def test_a_file_s_class_is_loaded_once() -> None:
    method = method_of(NESTEROV)
    assert issubclass(method, Method)
    assert method.__name__ == "Nesterov"
    assert method_of(NESTEROV) is method
    assert not is_own(NESTEROV)


def test_a_module_s_class_is_a_method_too() -> None:
    assert method_of("momoracle:TAM") is momoracle.TAM
    assert not is_own("momoracle:TAM")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a/b.py:NGN", "ngn"),
        ("a.py:My_Method2", "my-method2"),
        ("package.module:Outer.Inner", "outer-inner"),
        ("a.py:Ω", "method"),
        ("MoMo.py:Adam", "adam"),
    ],
)
def test_a_class_has_its_own_name_in_ids_and_files(text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mom", r"no such algorithm; choose one of sgd, .*FILE\.py:CLASS; did you mean momo\?"),
        ("nowhere.py:Own", r"no file 'nowhere\.py'"),
        ("own:", r"neither FILE\.py:NAME nor MODULE:NAME"),
        ("momoracle.reference.sgd:SDG", r"has no 'SDG'.*did you mean SGD\?"),
        ("momoracle:WarmUp", "a subclass of momoracle.reference.Method is needed"),
        ("momoracle:transfer_lr", "is no method"),
    ],
)
def test_what_is_no_method_is_refused_by_its_text(text: str, message: str) -> None:
    with pytest.raises(AlgorithmError, match=message) as error:
        method_of(text)
    assert f"ALGORITHM={text!r}" in str(error.value)


def test_an_error_in_the_file_is_told_with_its_line(tmp_path: Path) -> None:
    algorithm = write_method(tmp_path, ("lr: LearningRate = 0.1", "lr: LearningRate = 1 / 0"), name="broken")
    with pytest.raises(AlgorithmError, match=r"importing it failed with ZeroDivisionError.*broken\.py:\d+"):
        method_of(algorithm)


def test_a_misspelt_class_is_told_its_neighbour(tmp_path: Path) -> None:
    algorithm = write_method(tmp_path)
    with pytest.raises(AlgorithmError, match=r"has no 'Onw'"):
        method_of(algorithm.replace(":Own", ":Onw"))
