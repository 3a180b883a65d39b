"""Golden vectors as JSON files: encoded, decoded, written and compared byte for byte.

A number is written twice: as the shortest decimal that its dtype reads back, and as a C99 hexadecimal float, which is
exact in any language. NaN and infinities are strings.
"""

import json
import math
from collections.abc import Iterable, Sequence
from copy import deepcopy
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from momoracle.reference.frame.registry import is_own, method_of, name_of
from momoracle.reference.golden.flags import FLAGS
from momoracle.reference.golden.vectors import Expected, GoldenVector, Hyperparameter, Step, VectorFile

SCHEMA = "momoracle-golden-v1"
FOLDER = Path(str(files("momoracle.reference.golden"))) / "v1"


def path_of(algorithm: str, folder: Path = FOLDER) -> Path:
    """Return the file of an algorithm's vectors.

    Raises:
        ValueError: a user's method in the folder of the package's own vectors, where its name may be another's.
    """
    if folder == FOLDER and ":" in algorithm:
        raise ValueError(f"{algorithm} has no file among the package's vectors; give a folder of your own")
    return folder / f"{name_of(algorithm)}.json"


def load(algorithm: str, folder: Path = FOLDER) -> VectorFile:
    """Read the vectors of one algorithm.

    Raises:
        FileNotFoundError: the algorithm has no file; the message names those that have.
    """
    path = path_of(algorithm, folder)
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.json") if p.stem != "schema"))
        raise FileNotFoundError(f"no golden vectors for algorithm {algorithm!r}; allowed: {known}")
    return decode(json.loads(path.read_text(encoding="utf-8")), algorithm)


def vectors_of(algorithm: str) -> VectorFile:
    """Return the vectors of an algorithm: the package's file of a name, or those of ``FILE.py:CLASS``, proven now.

    To prove them takes seconds. The same process does it once: a file that changes is not read again.

    Args:
        algorithm: a name, or ``FILE.py:CLASS``.

    Raises:
        AlgorithmError: there is no such algorithm.
        FileNotFoundError: the package has no file of a name, which an installation may have lost.
        ValueError: the class lacks something that golden vectors need; the message says what.

    >>> content = vectors_of("sgd")
    >>> content.vectors[0].id, content.kind(content.vectors[0])
    ('sgd-float32-schedule', 'core')
    """
    method_of(algorithm)
    return load(algorithm) if is_own(algorithm) else deepcopy(_built(algorithm))  # arrays are the caller's to change


@cache
def _built(algorithm: str) -> VectorFile:
    # The proof brings ball arithmetic, which nobody needs who reads a file.
    from momoracle.reference.golden.build import build

    return build(algorithm)


def schema_of(algorithm: str) -> dict[str, Any]:
    """Return the JSON Schema of an algorithm's file.

    It is ``schema.json``, whose enumeration of algorithms has the package's names; for a user's method it has the name
    of that one instead.
    """
    schema: dict[str, Any] = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    if not is_own(algorithm):
        schema["properties"]["algorithm"] = {"const": name_of(algorithm)}
    return schema


# -- to JSON -----------------------------------------------------------------------------------------------------------


def encode(algorithm: str, vectors: Sequence[GoldenVector]) -> str:
    """Return the text of an algorithm's file: one line a step, so that a change shows as such in a diff."""
    used = sorted({flag for vector in vectors for flag in vector.flags})
    notes = {
        name: {"class": f.kind, "catches": f.catches, "equation": f.equation, "link": f.link}
        for name, f in FLAGS.items()
        if name in used
    }
    head = {"schema": SCHEMA, "algorithm": name_of(algorithm), "count": len(vectors), "notes": notes}
    ordered = sorted(vectors, key=_group_key)
    groups = [_group(list(members)) for _, members in groupby(ordered, key=_group_key)]
    return _line(head)[:-1] + ',"groups":[\n' + ",\n".join(groups) + "\n]}\n"


def _group_key(vector: GoldenVector) -> str:
    return _line([vector.dtype, _hyperparameters(vector.hyperparameters)])


def _group(vectors: list[GoldenVector]) -> str:
    head = {"dtype": vectors[0].dtype, "hyperparameters": _hyperparameters(vectors[0].hyperparameters)}
    return _line(head)[:-1] + ',"vectors":[\n' + ",\n".join(map(_vector, vectors)) + "]}"


def _vector(vector: GoldenVector) -> str:
    head = {
        "id": vector.id,
        "comment": vector.comment,
        "flags": vector.flags,
        "kills": vector.kills,
        "params": [_array(p) for p in vector.params],
    }
    steps = [
        _line(
            {
                "loss": _scalar(step.loss, vector.dtype),
                "grads": [_array(g) for g in step.grads],
                "expected": {name: _expected(e) for name, e in step.expected.items()},
            }
        )
        for step in vector.steps
    ]
    return _line(head)[:-1] + ',"steps":[\n' + ",\n".join(steps) + "]}"


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _decimal(value: float, dtype: str = "float64") -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(str(np.dtype(dtype).type(value)))  # NumPy prints the shortest decimal of the dtype


def _scalar(value: float, dtype: str = "float64") -> dict[str, Any]:
    return {"dec": _decimal(value, dtype), "hex": float(value).hex()}


def _array(array: Any, dtype: str | None = None) -> dict[str, Any]:
    entries = [float(z) for z in array.flat]
    return {
        "shape": array.shape,
        "dec": [_decimal(z, dtype or str(array.dtype)) for z in entries],
        "hex": [z.hex() for z in entries],
    }


def _expected(expected: Expected) -> list[dict[str, Any]]:
    return [
        {**_array(value), "tolerance": [_decimal(t) for t in tolerance.flat]}
        for value, tolerance in zip(expected.values, expected.tolerances, strict=True)
    ]


def _hyperparameters(chosen: dict[str, Hyperparameter]) -> dict[str, Any]:
    return {
        name: value
        if isinstance(value, bool)
        else [_scalar(v) for v in value]
        if isinstance(value, tuple)
        else _scalar(value)
        for name, value in chosen.items()
    }


# -- from JSON ---------------------------------------------------------------------------------------------------------


def decode(content: dict[str, Any], algorithm: str = "") -> VectorFile:
    """Return the vectors of a parsed file. The hexadecimal floats are read; the decimals are for people.

    Args:
        content: the parsed file.
        algorithm: what the vectors call their algorithm, where that is not the name in the file: ``FILE.py:CLASS``.
    """
    algorithm = algorithm or content["algorithm"]
    vectors = tuple(
        GoldenVector(
            id=item["id"],
            algorithm=algorithm,
            dtype=group["dtype"],
            hyperparameters={name: _setting(value) for name, value in group["hyperparameters"].items()},
            comment=item["comment"],
            flags=tuple(item["flags"]),
            params=tuple(_read(p, group["dtype"]) for p in item["params"]),
            steps=tuple(_step(step, group["dtype"]) for step in item["steps"]),
            kills=tuple(item["kills"]),
        )
        for group in content["groups"]
        for item in group["vectors"]
    )
    return VectorFile(algorithm, {name: FLAGS[name] for name in content["notes"]}, vectors)


def _step(step: dict[str, Any], dtype: str) -> Step:
    return Step(
        loss=float.fromhex(step["loss"]["hex"]),
        grads=tuple(_read(g, dtype) for g in step["grads"]),
        expected={
            name: Expected(
                values=tuple(_read(item, "float64") for item in items),
                tolerances=tuple(np.array(item["tolerance"], dtype=float).reshape(item["shape"]) for item in items),
            )
            for name, items in step["expected"].items()
        },
    )


def _read(item: dict[str, Any], dtype: str) -> Any:
    return np.array([float.fromhex(h) for h in item["hex"]], dtype=dtype).reshape(item["shape"])


def _setting(value: Any) -> Hyperparameter:
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return tuple(float.fromhex(v["hex"]) for v in value)
    return float.fromhex(value["hex"])


# -- written and compared ----------------------------------------------------------------------------------------------


def write(texts: Iterable[tuple[str, str]], folder: Path = FOLDER) -> None:
    """Write each algorithm's text to its file."""
    folder.mkdir(parents=True, exist_ok=True)
    for algorithm, text in texts:
        path_of(algorithm, folder).write_text(text, encoding="utf-8", newline="\n")


def difference(algorithm: str, text: str, folder: Path = FOLDER) -> str | None:
    """Return where the file differs from ``text``, byte for byte, or None where it does not."""
    path = path_of(algorithm, folder)
    if not path.exists():
        return "the file is missing"
    stored = path.read_bytes().decode("utf-8").split("\n")
    fresh = text.split("\n")
    if stored == fresh:
        return None
    line = next(
        (i for i, (a, b) in enumerate(zip(stored, fresh, strict=False)) if a != b), min(len(stored), len(fresh))
    )
    vector = next((row for row in reversed(stored[: line + 1]) if row.startswith('{"id":"')), "")
    name = vector[7:].split('"')[0] if vector else "the head"
    return f"line {line + 1} ({name}) differs from what the reference gives now"
