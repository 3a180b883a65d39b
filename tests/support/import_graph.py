"""Read who imports whom in the package from the text of its modules; nothing is imported."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

Graph = Mapping[str, frozenset[str]]


def read_modules(folders: Mapping[str, Path]) -> dict[str, ast.Module]:
    """Return the syntax tree of each module by its dotted name; ``folders`` has the folder of each package."""
    trees = {}
    for package, folder in folders.items():
        for path in sorted(folder.glob("*.py")):
            name = package if path.stem == "__init__" else f"{package}.{path.stem}"
            trees[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return trees


def import_graph(trees: Mapping[str, ast.Module]) -> Graph:
    """Return the modules of the package that each module imports, also inside functions.

    Imports for type checkers alone (``if TYPE_CHECKING:``) do not count: they never run.
    """
    return {name: frozenset(_imports(name, tree, trees.keys())) for name, tree in trees.items()}


def _imports(name: str, tree: ast.AST, modules: Iterable[str]) -> Iterator[str]:
    for node in _walk(tree):
        match node:
            case ast.Import(names=aliases):
                targets = [alias.name for alias in aliases]
            case ast.ImportFrom(module=str(module), names=aliases):
                # `from a.b import c` imports the module a.b.c if there is one, else the name c of the module a.b
                targets = [f"{module}.{alias.name}" for alias in aliases]
                targets = [target if target in modules else module for target in targets]
            case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(module)), *_]):
                targets = [module]
            case _:
                continue
        yield from (target for target in targets if target in modules and target != name)


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without the branches that only a type checker reads."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            for statement in child.orelse:
                yield statement
                yield from _walk(statement)
            continue
        yield child
        yield from _walk(child)


def find_circles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or by way of others (Tarjan 1972)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    circles: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = lowest[node] = len(index)
        stack.append(node)
        for target in sorted(graph[node]):
            if target not in index:
                visit(target)
                lowest[node] = min(lowest[node], lowest[target])
            elif target in stack:
                lowest[node] = min(lowest[node], index[target])
        # A node that reaches no earlier one closes a group: everything above it on the stack.
        if lowest[node] == index[node]:
            start = stack.index(node)
            group = stack[start:]
            del stack[start:]
            if len(group) > 1:
                circles.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return circles


def assigned_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and name of each variable, parameter, loop variable, field and keyword-like name that is bound."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.alias(asname=str(name)):
                yield getattr(node, "lineno", 0), name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield node.lineno, name
