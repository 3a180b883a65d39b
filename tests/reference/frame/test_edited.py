"""A method's text with places changed: what is replaced, what is refused, and that the rest is the same method."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.own_methods import NESTEROV, NGN, write_method
from support.runs import METHODS, bits, random_problem, steps_of

from momoracle import SGD, AdaTAMW
from momoracle.reference import ALGORITHMS
from momoracle.reference.frame import edited as module
from momoracle.reference.frame.edited import method_source, overlapping, places_of

edited: Any = module.edited  # any class's constructor may follow


@pytest.mark.parametrize("name", METHODS)
def test_without_edits_it_is_the_same_method(name: str) -> None:
    algorithm = next(key for key, method in ALGORITHMS.items() if type(METHODS[name]) is method)
    again = edited(algorithm, [])
    assert again is not ALGORITHMS[algorithm]
    problem = random_problem([(3,), (2, 2)])
    expected = steps_of(METHODS[name], problem)
    for step, other in zip(steps_of(again(**vars(METHODS[name])), problem), expected, strict=True):
        assert bits([step.params, list(step.state), list(step.trace)]) == bits(
            [other.params, list(other.state), list(other.trace)]
        )


@pytest.mark.parametrize("algorithm", [NESTEROV, NGN])
def test_a_method_of_one_s_own_is_edited_alike(algorithm: str) -> None:
    x = np.array([1.0, -2.0])
    opt = edited(algorithm, [("now.alpha", "(2 * now.alpha)")])(lr=0.25)
    plain = edited(algorithm, [])(lr=0.5)
    assert opt.step(x, x, opt.init(x), 1.0)[0].tolist() == plain.step(x, x, plain.init(x), 1.0)[0].tolist()


def test_a_method_s_text_has_the_files_that_it_builds_on() -> None:
    text = method_source("adatamw")
    assert [text.count(f"\nclass {name}(") for name in ("Torque", "AdaTAM", "AdaTAMW", "TAM", "Method")] == [
        1,
        1,
        1,
        0,
        0,
    ]
    assert "from momoracle.reference.torque import" not in text
    assert edited("adatamw", [])().step  # it is one module, that needs no other file


def test_a_place_in_a_file_that_it_builds_on_is_changed_in_the_copy_alone() -> None:
    x = np.array([1.0, 2.0])
    opt = edited("adatamw", [("return Torque(s, s_hat, ‹d›)", "0 * d")])(lr=0.1, weight_decay=0.0)
    x_after, _, trace = opt.step(x, x, opt.init(x))
    assert trace.damping == 0
    plain = AdaTAMW(lr=0.1, weight_decay=0.0)
    assert plain.step(x, x, plain.init(x))[2].damping == 0.5
    assert x_after.tolist() != plain.step(x, x, plain.init(x))[0].tolist()


def test_only_what_is_between_the_marks_is_replaced() -> None:
    x = np.array([1.0])
    for edit in (("x - ‹now.alpha›", "2 * now.alpha"), ("x ‹-› now.alpha", "+ -2 *")):
        opt = edited("sgd", [edit])(lr=0.25)
        assert opt.step(x, x, opt.init(x))[0].tolist() == [0.5]


def test_an_empty_mark_inserts() -> None:
    opt = edited("sgd", [("x - ‹›now.alpha", "0 * ")])()
    x = np.array([1.0])
    assert opt.step(x, x, opt.init(x))[0].tolist() == [1.0]


def test_every_occurrence_is_a_place() -> None:
    text = method_source("momo")
    spans = [span for span, _ in places_of("momo", [("(g if first else ‹d›)", "0 * d"), ("if first else", "if")])]
    assert len(spans) == 1 + text.count("if first else")
    assert {text[start:end] for start, end in spans} == {"d", "if first else"}


def test_edits_of_several_places_are_taken_together() -> None:
    x = np.array([1.0])
    opt = edited("sgd", [("(‹g› + now", "3 * g"), ("x ‹-› now", "+")])(lr=0.5)
    assert opt.step(x, x, opt.init(x))[0].tolist() == [2.5]


def test_names_are_there_for_the_new_text() -> None:
    x = np.array([1.0])
    opt = edited("sgd", [("‹now.alpha› *", "three")], names={"three": 3.0})(lr=0.5)
    assert opt.step(x, x, opt.init(x))[0].tolist() == [-2.0]


def test_an_edit_that_finds_no_place_is_refused() -> None:
    with pytest.raises(LookupError, match="the text of sgd has no 'beta'"):
        edited("sgd", [("beta", "1")])
    with pytest.raises(LookupError, match="has no"):
        places_of("sgd", [("x - ‹now.beta›", "1")])


def test_two_edits_of_one_place_are_refused() -> None:
    for first, second in ((("x - now", "1"), ("now.alpha", "2")), (("x -‹› now", "1"), ("x -‹› now", "2"))):
        with pytest.raises(ValueError, match="two edits change the same place in sgd's text"):
            edited("sgd", [first, second])


@pytest.mark.parametrize(
    ("spans", "answer"),
    [
        ([(0, 2), (2, 4)], False),
        ([(2, 4), (0, 2)], False),
        ([(0, 3), (2, 4)], True),
        ([(1, 1), (1, 1)], True),
        ([(1, 1), (1, 3)], False),
        ([], False),
    ],
)
def test_spans_overlap_where_they_share_a_part(spans: list[tuple[int, int]], answer: bool) -> None:
    assert overlapping(spans) is answer


def test_an_error_names_the_text_and_its_label() -> None:
    opt = edited("sgd", [("now.alpha", "now.beta")], label="with a slip")()
    x = np.array([1.0])
    with pytest.raises(AttributeError) as error:
        opt.step(x, x, opt.init(x))
    assert error.traceback[-1].path == Path("<sgd, with a slip>") or "<sgd, with a slip>" in str(error.traceback[-1])


def test_annotations_as_texts_are_read_in_the_copy(tmp_path: Path) -> None:
    algorithm = write_method(
        tmp_path, ("from dataclasses import", "from __future__ import annotations\nfrom dataclasses import")
    )
    opt = edited(algorithm, [("- now.alpha", "- 2 * now.alpha")])(lr=0.25, beta=0.5)
    x = np.array([1.0])
    assert opt.step(x, x, opt.init(x))[0].tolist() == [0.5]
    with pytest.raises(ValueError, match=r"beta is 1\.5; allowed: 0 <= beta < 1"):
        edited(algorithm, [])(beta=1.5)


def test_the_original_is_as_it_was() -> None:
    x = np.array([1.0])
    edited("sgd", [("x - now.alpha", "x + now.alpha")])
    assert SGD(lr=0.5).step(x, x, SGD().init(x))[0].tolist() == [0.5]
