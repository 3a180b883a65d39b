"""A method's text as a syntax tree: where each quantity of a step is computed.

A quantity gets its value where a dictionary has its name as a key (``{"momentum": m}``), or where a NamedTuple with a
field of its name is made (``Torque(s, s_hat, d)``). The last assignment to that variable before it computes it.
"""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from momoracle.reference.frame.edited import Edit


@dataclass(frozen=True)
class Computation:
    """Where a quantity is computed: the variable, or empty where it is an expression, and the piece of text."""

    variable: str
    statement: ast.expr | ast.stmt


class MethodText:
    """The text of a method and its syntax tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    @cached_property
    def computations(self) -> dict[str, Computation]:
        """Quantity -> where it is computed; of several places the last counts."""
        places: dict[str, Computation] = {}
        for function in (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)):
            for name, value in self._named_values(function):
                if isinstance(value, ast.Name):
                    statement = _assignment(function, value)
                    if statement is not None:
                        places[name] = Computation(value.id, statement)
                elif not isinstance(value, ast.Attribute | ast.Constant):
                    places.setdefault(name, Computation("", value))
        return places

    def rounded(self, quantity: str, function: str) -> tuple[Edit, ...]:
        """Return the edit that passes a quantity through ``function`` where it is computed; none where it is not."""
        place = self.computations.get(quantity)
        if place is None:
            return ()
        start, end = self.span(place.statement)
        if not place.variable:
            return (self.edit(start, end, f"{function}({self.text[start:end]})"),)
        indent = " " * place.statement.col_offset
        return (self.edit(end, end, f"\n{indent}{place.variable} = {function}({place.variable})"),)

    def comment(self, quantity: str) -> str:
        """Return the comment on the line that computes a quantity; empty where there is none."""
        place = self.computations.get(quantity)
        if place is None or place.statement.end_lineno is None:
            return ""
        _, end = self.span(place.statement)
        rest = self.text[end : self._starts[place.statement.end_lineno]]
        return rest.partition("#")[2].strip()

    def code(self, quantity: str) -> str:
        """Return the line that computes a quantity; empty where there is none."""
        place = self.computations.get(quantity)
        return "" if place is None else ast.unparse(place.statement)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends in the text."""
        return (
            self._offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self._offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def edit(self, start: int, end: int, new: str) -> Edit:
        """Return the replacement of a span as an edit: with the lines around it, so that it has no other place."""
        first = self.text.rfind("\n", 0, start)
        last = self.text.find("\n", end) + 1 or len(self.text)
        while self.text.count(self.text[first:last]) > 1:
            first = self.text.rfind("\n", 0, first)
        return f"{self.text[first:start]}‹{self.text[start:end]}›{self.text[end:last]}", new

    def _offset(self, line: int, column: int) -> int:
        # The tree counts columns in UTF-8 bytes.
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def _named_values(self, function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
        for node in ast.walk(function):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield key.value, value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                fields = self._tuples.get(node.func.id, ())
                yield from zip(fields, node.args, strict=False)
                yield from ((word.arg, word.value) for word in node.keywords if word.arg in fields)

    @cached_property
    def _tuples(self) -> dict[str, tuple[str, ...]]:
        """NamedTuple -> its fields."""
        return {
            node.name: tuple(
                part.target.id
                for part in node.body
                if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
            )
            for node in self.tree.body
            if isinstance(node, ast.ClassDef)
            and any(isinstance(base, ast.Name) and base.id == "NamedTuple" for base in node.bases)
        }


def names_of(statement: ast.AST) -> Collection[str]:
    """Return the variables that a piece of the text reads."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _assignment(function: ast.FunctionDef, use: ast.Name) -> ast.stmt | None:
    """Return the last assignment to a variable, alone on its left side, before it is used."""
    before = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        and node.lineno < use.lineno
        and any(isinstance(target, ast.Name) and target.id == use.id for target in _targets(node))
    ]
    return max(before, key=lambda node: node.lineno, default=None)


def _targets(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]
