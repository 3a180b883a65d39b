"""The rules for docstrings notice each part that is missing, on a function and a class that have them all."""

import inspect
from dataclasses import dataclass
from typing import Any

import pytest
from support import docstring_rules

from momoracle.convergence.certificates.certificate import Sides
from momoracle.reference import method_of


def sides(m: Any, size: int) -> Sides:
    """Return the sides of an inequality.

        ‖x‖ ≤ G

    Args:
        m: the measures.
        size: n.

    Raises:
        TypeError: size is no integer.
        AlgorithmError: there is no such algorithm.

    Source: nowhere.

    >>> 1 + 1
    2
    """
    method_of("momo")
    if not isinstance(size, int):
        raise TypeError("size is no integer")
    return Sides(m, m, m, m)


@dataclass
class Record:
    """A record.

    Args:
        first: one field.
    """

    first: int


MISSING = {
    "Return the sides of an inequality.\n": "it does not begin with a sentence",
    "‖x‖ ≤ G": "it has no formula on a line of its own",
    "m: the measures.": "it does not name `m`",
    "size: n.": "it does not name `size`",
    "TypeError": "it does not say when it raises TypeError",
    "AlgorithmError": "it does not say when it raises AlgorithmError",
    "Source: nowhere.": "it has no `Source:`",
    ">>> 1 + 1\n    2": "it has no example that shows a result",
    "    2\n": "it has no example that shows a result",
}


def test_nothing_is_missing() -> None:
    assert docstring_rules.faults("sides", sides, "") == []


@pytest.mark.parametrize("part", MISSING)
def test_a_missing_part_is_noticed(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = sides.__doc__ or ""
    assert part in text
    monkeypatch.setattr(sides, "__doc__", text.replace(part, ""))
    assert docstring_rules.faults("sides", sides, "") == [f"sides: {MISSING[part]}"]


def test_no_docstring_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "__doc__", None)
    assert "sides: it has no docstring" in docstring_rules.faults("sides", sides, "")


def test_a_record_may_be_shown_elsewhere_and_names_its_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    assert docstring_rules.faults("Record", Record, "Record(1)") == []
    assert docstring_rules.faults("Record", Record, "") == ["Record: it has no example that shows a result"]
    monkeypatch.setattr(Record, "__doc__", "A record.")
    assert docstring_rules.faults("Record", Record, "Record(1)") == ["Record: it does not name `first`"]


def test_a_constant_without_a_comment_is_noticed() -> None:
    assert docstring_rules.faults("NO_SUCH", 7.5, "") == ["NO_SUCH has no comment `#:` above it"]


def test_what_is_raised_is_found_in_the_text_and_in_what_it_calls() -> None:
    assert docstring_rules.raised(sides) == {"TypeError", "AlgorithmError"}


def test_a_formula_is_no_entry_of_a_section() -> None:
    assert docstring_rules.formulas(inspect.cleandoc(sides.__doc__ or "")) == ["‖x‖ ≤ G"]
