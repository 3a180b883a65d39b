"""List the single mutants of a Python file: operators, constants, comparisons, branches, slices and indices.

Not mutated is what a step does not compute: docstrings and texts, annotations, imports, and what a ``raise`` says.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
#: each comparison with its near miss and its opposite
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_SKIPPED = (ast.Raise, ast.Assert, ast.Import, ast.ImportFrom, ast.JoinedStr)


class Mutant(NamedTuple):
    """One edit: the line that it is on, the text of that line, what is done there, and to which node of the tree.

    ``place`` counts from 1 the same edits of the same text: a line may have two products.
    """

    line: int
    text: str
    edit: str
    node: int
    place: int = 1

    def __str__(self) -> str:
        return f"line {self.line}: {self.edit}: {self.text}"


def mutants_of(source: str) -> list[Mutant]:
    """Return every single mutant of a source text, in the order of its syntax tree."""
    lines, counts = source.splitlines(), Counter[tuple[str, str]]()
    mutants = []
    for i, node in enumerate(_nodes(ast.parse(source))):
        line = getattr(node, "lineno", 0)
        text = lines[line - 1].strip()
        for edit, _ in _edits(node):
            counts[text, edit] += 1
            mutants.append(Mutant(line, text, edit, i, counts[text, edit]))
    return mutants


def edited_tree(source: str, mutant: Mutant) -> ast.Module:
    """Return the syntax tree of a source text with the edit of one of its mutants carried out."""
    tree = ast.parse(source)
    node = next(node for i, node in enumerate(_nodes(tree)) if i == mutant.node)
    next(change for edit, change in _edits(node) if edit == mutant.edit)()
    return ast.fix_missing_locations(tree)


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a step computes, parents before children."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases", "type_params"):
            continue
        if isinstance(node, ast.AnnAssign) and "ClassVar" in ast.dump(node.annotation):
            continue  # what a class declares about itself
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, _SKIPPED):
                yield from _nodes(child)


def _edits(node: ast.AST) -> list[tuple[str, Callable[[], None]]]:
    """Return the edits of one node, each with its name and what carries it out in place."""
    edits: list[tuple[str, Callable[[], None]]] = []

    def offer(name: str, owner: ast.AST, field: str, value: object) -> None:
        edits.append((name, lambda: setattr(owner, field, value)))

    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _OPERATORS:
        new = _OPERATORS[type(node.op)]
        offer(f"{type(node.op).__name__} → {new.__name__}", node, "op", new())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
        name = f"{type(node.op).__name__} left out"
        if isinstance(node.op, ast.USub):
            offer(name, node, "op", ast.UAdd())
        else:
            edits.append((name, lambda: _replace(node, ast.Call(ast.Name("bool", ast.Load()), [node.operand], []))))
    elif isinstance(node, ast.BoolOp):
        new_bool: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        offer(f"{type(node.op).__name__} → {type(new_bool).__name__}", node, "op", new_bool)
    elif isinstance(node, ast.Compare):
        for i, operator in enumerate(node.ops):
            for other in _COMPARISONS[type(operator)]:
                name = f"{type(operator).__name__} → {other.__name__}, comparison {i + 1}"
                offer(name, node, "ops", [*node.ops[:i], other(), *node.ops[i + 1 :]])
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        offer(f"{node.value} → {not node.value}", node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        for changed in (node.value + 1, node.value - 1) if isinstance(node.value, int) else (node.value * 2 + 1e-3,):
            offer(f"{node.value} → {changed}", node, "value", changed)
    elif isinstance(node, ast.Slice):
        for field in ("lower", "upper", "step"):
            if getattr(node, field) is not None:
                offer(f"slice without its {field} end", node, field, None)
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        for value in (True, False)[isinstance(node, ast.While) :]:  # a loop without an end would only use up the time
            offer(f"branch always {value}", node, "test", ast.Constant(value))
    if isinstance(node, ast.comprehension) and node.ifs:
        offer("filter left out", node, "ifs", [])
    return edits


def _replace(node: ast.UnaryOp, call: ast.Call) -> None:
    """Turn ``not x`` into ``bool(x)`` in place: the parent keeps pointing at the same node."""
    node.__class__ = ast.Call  # type: ignore[assignment]
    node.__dict__.clear()
    node.__dict__.update(vars(call))
