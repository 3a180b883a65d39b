"""The vector files: their schema, their coverage, and that reading and writing are inverse to each other."""

import json
from collections import Counter
from typing import Any

import jsonschema
import numpy as np
import pytest

from momoracle.ports.departures.registry import departures_of
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden import files
from momoracle.reference.golden.flags import FLAGS
from momoracle.reference.golden.vectors import VectorFile

MIB = 2**20
BRANCHES = {"cap", "polyak", "no_step", "zero_direction", "decay_with_step", "reset", "estimate"}


@pytest.fixture(scope="module", params=ALGORITHMS)
def content(request: pytest.FixtureRequest) -> VectorFile:
    return files.load(request.param)


def test_file_obeys_its_schema(content: VectorFile) -> None:
    schema = json.loads((files.FOLDER / "schema.json").read_text(encoding="utf-8"))
    written = json.loads(files.path_of(content.algorithm).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(written)
    assert written["count"] == len(content.vectors)
    written["groups"][0]["vectors"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        jsonschema.Draft202012Validator(schema).validate(written)


def test_decoding_and_encoding_give_the_same_bytes(content: VectorFile) -> None:
    assert files.difference(content.algorithm, files.encode(content.algorithm, content.vectors)) is None


def test_a_changed_digit_is_named_by_its_vector(content: VectorFile, tmp_path: Any) -> None:
    text = files.path_of(content.algorithm).read_text(encoding="utf-8")
    last = content.vectors[-1]
    place = text.index(f'"id":"{last.id}"')
    at = text.index("0x1.", place) + 4
    changed = text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]
    files.write([(content.algorithm, changed)], tmp_path)
    difference = files.difference(content.algorithm, text, tmp_path)
    assert difference is not None
    assert last.id in difference


def test_decimals_and_hexadecimals_are_the_same_numbers(content: VectorFile) -> None:
    written = json.loads(files.path_of(content.algorithm).read_text(encoding="utf-8"))
    for group in written["groups"]:
        cast = np.dtype(group["dtype"]).type
        for vector in group["vectors"]:
            for array in vector["params"]:
                assert [cast(float(d)) for d in array["dec"]] == [cast(float.fromhex(h)) for h in array["hex"]]
            for step in vector["steps"]:
                for quantity in step["expected"].values():
                    for array in quantity:
                        assert [float(d) for d in array["dec"]] == [float.fromhex(h) for h in array["hex"]]


def test_every_flag_and_shape_is_covered_in_both_dtypes(content: VectorFile) -> None:
    for dtype in ("float64", "float32"):
        vectors = [v for v in content.vectors if v.dtype == dtype]
        flags = Counter(flag for v in vectors for flag in v.flags)
        assert {
            "basic",
            "shapes",
            "several_tensors",
            "changing_lr",
            "small_entries",
            "huge_entries",
            "tiny_entries",
        } <= set(flags)
        assert {"zero_gradient_first", "zero_gradient_later", "zero_entries"} <= set(flags)
        assert {(), (1,), (3,), (3, 1), (1, 3), (2, 3)} <= {p.shape for v in vectors for p in v.params}
        if "momo" in content.algorithm:
            assert set(flags) >= BRANCHES | {"lower_bound", "no_lower_bound", "far_optimum"}
        if "tam" in content.algorithm:
            assert {"parallel", "antiparallel", "orthogonal", "memory"} <= set(flags)
    assert any(len(v.steps) == 1000 for v in content.vectors)


def test_ids_are_unique(content: VectorFile) -> None:
    assert max(Counter(v.id for v in content.vectors).values()) == 1


def test_every_departure_is_caught_by_a_core_vector_or_a_robustness_one(content: VectorFile) -> None:
    caught = {name for v in content.vectors for name in v.kills}
    assert caught == {departure.id for departure in departures_of(content.algorithm)}


def test_tolerances_are_tight(content: VectorFile) -> None:
    """A relative error of 1e-8 in the parameters of a float64 port is outside every core tolerance."""
    for vector in content.vectors:
        if vector.dtype == "float64" and content.kind(vector) == "core":
            expected = vector.steps[-1].expected["params"]
            size = max(np.abs(v).max(initial=0.0) for v in expected.values)
            assert all((t <= 1e-8 * size).all() for t in expected.tolerances)


def test_all_files_together_are_small() -> None:
    assert sum(path.stat().st_size for path in files.FOLDER.iterdir()) < 8 * MIB


def test_every_flag_is_used() -> None:
    used = {flag for algorithm in ALGORITHMS for v in files.load(algorithm).vectors for flag in v.flags}
    assert used == set(FLAGS)


def test_unknown_algorithm_names_the_known_ones() -> None:
    with pytest.raises(FileNotFoundError, match="momo-adam"):
        files.load("mo-mo")
