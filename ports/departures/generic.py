"""Mistakes that any formula invites, made in a method's text: for methods that have no named departures.

A term or factor is left out, a sign turned, the weights of an average exchanged, a step counted late or never, ε moved
into or out of the root, an old value taken where the new one belongs. Each is the smallest change of the text, so that
two of one line can be taken together.
"""

import ast
import re
from collections.abc import Iterator

from momoracle.ports.departures.departure import Departure, variant
from momoracle.ports.methods.derive import run_probe
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.methods.text import MethodText
from momoracle.reference.frame.edited import Edit, method_source

_OTHERS = ("check", "start", "split")  # functions of a method that compute no step
_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def generic_departures(algorithm: str) -> tuple[Departure, ...]:
    """Return the generic departures of a method; each id begins with its kind, by which a hint is chosen."""
    return tuple(departure for departure in _Mistakes(algorithm).all() if _is_working(algorithm, departure))


def _is_working(algorithm: str, departure: Departure) -> bool:
    """Tell whether a step can be taken: where a vector is left out, a scalar may stand where a vector belongs."""
    try:
        run_probe(variant(algorithm, departure))
    except TypeError:
        return False
    except (ArithmeticError, ValueError):  # it has no number here, as a port's step may have none
        return True
    return True


class _Mistakes:
    def __init__(self, algorithm: str) -> None:
        self._facts = facts_of(algorithm)
        self._text = MethodText(method_source(algorithm))
        self._ids: set[str] = set()

    def all(self) -> Iterator[Departure]:
        for function in (node for node in ast.walk(self._text.tree) if isinstance(node, ast.FunctionDef)):
            if function.name in _OTHERS or function.name.startswith("__"):
                continue
            for statement in (node for node in ast.walk(function) if isinstance(node, ast.Assign | ast.Return)):
                for node in ast.walk(statement):
                    yield from self._of_node(node, statement)
                yield from self._old_values(function, statement)

    def _of_node(self, node: ast.AST, statement: ast.stmt) -> Iterator[Departure]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and _is_step(node.right):
            yield self._made("step-late", node.left, statement, self._replaced(node.right, "({} + 1)"))
            yield self._made("step-stuck", node.left, statement, self._replaced(node.right, "1"))
        if not isinstance(node, ast.BinOp) or type(node.op) not in _SIGNS or _is_constant(node):
            return
        start, end = self._text.span(node)
        sign = self._sign(node)
        after = sign + 2 if self._text.text[sign + 1] == " " else sign + 1
        if isinstance(node.op, ast.Add | ast.Sub):
            turned = "-" if isinstance(node.op, ast.Add) else "+"
            yield self._made("sign-turned", node.right, statement, self._text.edit(sign, sign + 1, turned))
            yield from self._of_sum(node, statement)
        if not isinstance(node.op, ast.Sub | ast.Div):  # of a difference or a quotient the first part is never left out
            yield self._made("left-out", node.left, statement, self._text.edit(start, after, ""))
        before = len(self._text.text[:sign].rstrip())
        yield self._made("left-out", node.right, statement, self._text.edit(before, end, ""))

    def _of_sum(self, node: ast.BinOp, statement: ast.stmt) -> Iterator[Departure]:
        old, new = _weight(node.left), _weight(node.right)
        if old is not None and new is not None and ast.unparse(new) == f"1 - {ast.unparse(old)}":
            yield self._made(
                "weights-exchanged",
                old,
                statement,
                self._replaced(old, f"({ast.unparse(new)})"),
                self._text.edit(*self._outer(new), ast.unparse(old)),
            )
        if _is_eps(node.right) and isinstance(root := node.left, ast.Call) and _is_root(root):
            _, close = self._text.span(root)
            moved = f" + {ast.unparse(node.right)})"
            yield self._made(
                "eps-moved", node.right, statement, self._text.edit(close - 1, self._text.span(node)[1], moved)
            )

    def _old_values(self, function: ast.FunctionDef, statement: ast.stmt) -> Iterator[Departure]:
        """Yield what reads a kept quantity of the step before where the method reads this step's."""
        state = function.args.args[3].arg if function.name == "advance" and len(function.args.args) == 5 else None
        for quantity in self._facts.kept if state is not None else ():
            place = self._text.computations.get(quantity)
            if place is None or not place.variable or place.statement.lineno >= statement.lineno:
                continue
            reads = [n for n in _reads(statement) if n.id == place.variable]
            edits = tuple(self._text.edit(*self._text.span(node), f"{state}.{quantity}") for node in reads)
            if edits:
                yield self._made("old-value", reads[0], statement, *edits)

    def _made(self, kind: str, about: ast.AST, statement: ast.stmt, *edits: Edit) -> Departure:
        slug = re.sub(r"[^a-z0-9]+", "-", ast.unparse(about).lower()).strip("-")[:24].strip("-")
        name, count = f"{kind}-{slug}", 1
        while name in self._ids:
            count += 1
            name = f"{kind}-{slug}-{count}"
        self._ids.add(name)
        return Departure(name, self._meaning(statement, edits), self._quantity(statement), tuple(edits))

    def _meaning(self, statement: ast.stmt, edits: tuple[Edit, ...]) -> str:
        """Return the line as it is changed, and as it is."""
        text = whole = self._text.text
        places = []
        for old, new in edits:
            before, part, _ = re.split("[‹›]", old)
            at = text.index(re.sub("[‹›]", "", old)) + len(before)
            places.append((at, at + len(part), new))
        pieces = [*_arguments(statement), statement]
        first, last = min(at for at, _, _ in places), max(until for _, until, _ in places)
        spans = (self._text.span(piece) for piece in pieces)
        start, end = next((a, b) for a, b in spans if a <= first and last <= b)
        for at, until, new in sorted(places, reverse=True):
            whole = whole[:at] + new + whole[until:]
        changed = whole[start : end + len(whole) - len(text)]
        return f"{_on_a_line(changed)} stands for {_on_a_line(text[start:end])}"

    def _quantity(self, statement: ast.stmt) -> str:
        computed = {name: place.statement for name, place in self._text.computations.items()}
        return next((name for name in self._facts.quantities if computed.get(name) is statement), "params")

    def _replaced(self, node: ast.AST, pattern: str) -> Edit:
        return self._text.edit(*self._text.span(node), pattern.format(ast.unparse(node)))

    def _outer(self, node: ast.AST) -> tuple[int, int]:
        """Return the span of a node with the brackets around it."""
        start, end = self._text.span(node)
        return start - 1, end + 1

    def _sign(self, node: ast.BinOp) -> int:
        """Return where the operator stands: between its operands there are brackets and spaces alone."""
        _, after = self._text.span(node.left)
        return self._text.text.index(_SIGNS[type(node.op)], after)


def _is_constant(node: ast.BinOp) -> bool:
    """Tell whether one side is a number: 1 − β is a weight, and of no use without its 1."""
    return isinstance(node.left, ast.Constant) or isinstance(node.right, ast.Constant)


def _is_step(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "k") or (isinstance(node, ast.Attribute) and node.attr == "k")


def _is_eps(node: ast.expr) -> bool:
    return "eps" in ast.unparse(node)


def _is_root(node: ast.Call) -> bool:
    return ast.unparse(node.func).endswith("sqrt")


def _weight(node: ast.expr) -> ast.expr | None:
    """Return the first factor of a product."""
    return node.left if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) else None


def _arguments(statement: ast.stmt) -> list[ast.expr]:
    """Return the arguments of the call that a statement returns, which say more than all of the call."""
    value = statement.value if isinstance(statement, ast.Return) else None
    return list(value.args) if isinstance(value, ast.Call) else []


def _reads(statement: ast.stmt) -> Iterator[ast.Name]:
    """Yield the variables that a statement computes with; what it only hands on as a quantity is left out."""
    handed = {id(value) for node in ast.walk(statement) if isinstance(node, ast.Dict) for value in node.values}
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in handed:
            yield node


def _on_a_line(code: str) -> str:
    return f"`{' '.join(code.split())}`"
