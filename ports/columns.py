"""A method that treats each column of a tensor as a tensor of its own."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from momoracle.reference import Method


def by_columns(method: type[Method]) -> type[Method]:
    """Return ``method`` applied to the columns (entries that differ in the first index alone) of every tensor."""

    class ByColumns(method):  # type: ignore[misc, valid-type]
        def init(self, params: Any, replicas: int | None = None) -> Any:
            return super().init(_columns(params), replicas)

        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            columns, state, trace = super().step(_columns(params), _columns(grads), state, loss, out)
            return _joined(columns, params), state, trace

    return ByColumns


def _columns(arrays: Sequence[Any]) -> list[Any]:
    return [column for array in arrays for column in _table(array).T]


def _table(array: Any) -> Any:
    """Return the array as a matrix whose columns are the vectors along its first dimension."""
    return array.reshape(len(array), math.prod(array.shape[1:])) if array.ndim > 1 else array.reshape(-1, 1)


def _joined(columns: list[Any], like: Sequence[Any]) -> list[Any]:
    waiting, joined = iter(columns), []
    for array in like:
        table = np.empty_like(_table(array))
        for j in range(table.shape[1]):
            table[:, j] = next(waiting)
        joined.append(table.reshape(array.shape))
    return joined
