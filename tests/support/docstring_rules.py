"""What the docstring of a public name must tell; public is what a module's ``__all__`` names."""

import ast
import builtins
import dataclasses
import doctest
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from momoracle.convergence.certificates.certificate import Sides
from momoracle.convergence.zoo import PROBLEMS
from momoracle.reference import Method
from support import modules

#: functions that compute mathematics beside the methods, the problems and the certificates
COMPUTE = {"transfer_lr", "upper_bound", "fit", "rates", "problem_of", "ratio_of", "closed_form", "search_instance"}

#: what cannot be raised, because it was refused when the object was made
REFUSED_BEFORE = {"Ensemble.checkpoints": {"ValueError"}}


def public() -> dict[str, Any]:
    """Return what is public by its longest dotted name, functions, classes and constants."""
    found: dict[str, Any] = {}
    for module in (importlib.import_module(name) for name in modules.IMPORTABLE if not name.endswith("__main__")):
        found |= {f"{module.__name__}.{name}": getattr(module, name) for name in getattr(module, "__all__", ())}
    return {name: value for name, value in found.items() if not _again(name, value, found)}


def _again(name: str, value: Any, found: dict[str, Any]) -> bool:
    """Tell whether a longer name, or one that sorts later, is the same thing."""
    same = [other for other in found if found[other] is value and other.split(".")[-1] == name.split(".")[-1]]
    return name != max(same, key=lambda other: (other.count("."), other))


def examples(values: Iterable[Any]) -> str:
    """Return the text of all examples, in which a record may be shown that has none of its own."""
    texts = [value.__doc__ for value in values if isinstance(value, type) or inspect.isroutine(value)]
    found = [one for text in texts if text for one in doctest.DocTestParser().get_examples(text)]
    return "".join(one.source + one.want for one in found)


def faults(name: str, value: Any, shown: str) -> list[str]:
    """Return what the documentation of a public name lacks, each as a sentence; ``shown`` has all examples."""
    if not (isinstance(value, type) or inspect.isroutine(value)):
        return [] if _explained(name.split(".")[-1], value) else [f"{name} has no comment `#:` above it"]
    found = [f"{name}: {fault}" for fault in _of_text(value, value.__doc__)]
    if not (_has_example(value.__doc__ or "") or (_is_record(value) and re.search(rf"\b{value.__name__}\(", shown))):
        found.append(f"{name}: it has no example that shows a result")
    if _is_mathematics(value):
        found += [f"{name}: {fault}" for fault in _of_mathematics(value)]
    if isinstance(value, type):
        for method, function in _methods(value):
            if function.__doc__ or not inspect.getdoc(getattr(value, method)):  # else its base class documents it
                found += [f"{name}.{method}: {fault}" for fault in _of_text(function, function.__doc__)]
        for kept in (value.__dict__.get("State"), value.__dict__.get("Trace")):
            if kept is not None:
                found += [f"{name}'s {kept.__name__}: {fault}" for fault in _of_text(kept, kept.__doc__)]
    return found


def _of_text(value: Any, text: str | None) -> Iterator[str]:
    if not text:
        yield "it has no docstring"
        return
    text = inspect.cleandoc(text)
    summary = text.split("\n\n")[0]
    if not summary.endswith((".", ":", ";")) or summary.startswith(">>>"):
        yield "it does not begin with a sentence"
    told = named(text)
    for base in value.__mro__[1:] if isinstance(value, type) else ():
        if f"`{base.__name__}`" in text:  # which documents what it brings along
            told |= named(inspect.cleandoc(base.__doc__ or ""))
    yield from (f"it does not name `{field}`" for field in _fields(value) if field not in told)
    for error in sorted(raised(value) - REFUSED_BEFORE.get(value.__qualname__, set())):
        if not re.search(rf"\b{error}\b", text):
            yield f"it does not say when it raises {error}"


def _has_example(text: str) -> bool:
    return any(example.want for example in doctest.DocTestParser().get_examples(text))


def _is_record(value: Any) -> bool:
    """Tell whether a class only holds what it is given."""
    if not isinstance(value, type) or not _generated(value):
        return False
    return not any(inspect.isfunction(member) for name, member in vars(value).items() if not name.startswith("_"))


def _of_mathematics(value: Any) -> Iterator[str]:
    text = inspect.cleandoc(value.__doc__ or "")
    if not formulas(text):
        yield "it has no formula on a line of its own"
    if not re.search(r"^Source: \S", text, re.MULTILINE):
        yield "it has no `Source:`"


def named(text: str) -> set[str]:
    """Return the parameters and fields that a docstring describes: in a section, or in the text in ``double`` ticks."""
    entries = re.findall(r"^    (\w+(?:, \w+)*): ", text, re.MULTILINE)
    return {name for entry in entries for name in entry.split(", ")} | set(re.findall(r"``(\w+)``", text))


def formulas(text: str) -> list[str]:
    """Return the formulas on lines of their own: indented, and under no heading."""
    found, heading = [], False
    for line in text.splitlines():
        if line and not line.startswith(" "):
            heading = bool(re.fullmatch(r"\w+:", line))
        elif line.startswith("    ") and not heading and re.search("[=≤≥∈→<]", line):
            found.append(line.strip())
    return found


def raised(value: Any) -> set[str]:
    """Return the exceptions that a function, or the making of an object, raises itself or in what it calls directly."""
    if not isinstance(value, type):
        return _raises(value) | {e for called in _called(value) for e in _raises(called)}
    if getattr(value, "_is_protocol", False):
        return set()
    makers = [value.__dict__.get("__post_init__"), *(value.__dict__.get("__init__"),) * (not _generated(value))]
    if issubclass(value, Method):
        makers.append(Method.__post_init__)
    return {e for maker in makers if maker is not None for e in raised(maker)}


def _raises(function: Any) -> set[str]:
    function = inspect.unwrap(function)
    thrown = [getattr(node.exc, "func", node.exc) for node in ast.walk(_tree(function)) if isinstance(node, ast.Raise)]
    names = {error.id for error in thrown if isinstance(error, ast.Name)}
    known = {name: function.__globals__.get(name, getattr(builtins, name, None)) for name in names}
    public_errors = {name for name, error in known.items() if isinstance(error, type) and not name.startswith("_")}
    return public_errors - {"NotImplementedError", "OutOfRange"}


def _called(function: Any) -> list[Callable[..., Any]]:
    """Return the project's functions that a function calls by name, or as an attribute of a module."""
    function = inspect.unwrap(function)
    found: list[Callable[..., Any]] = []
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name):
                    target = function.__globals__.get(name)
                case ast.Attribute(value=ast.Name(id=module), attr=name):
                    target = getattr(function.__globals__.get(module), name, None)
                case _:
                    target = None
            target = inspect.unwrap(target) if callable(target) else None  # a cached function is one too
            if inspect.isfunction(target) and target.__module__.startswith("momoracle."):
                found.append(target)
    return found


def _tree(function: Any) -> ast.Module:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError):  # made by a decorator, and so without text
        return ast.Module([], [])


def _fields(value: Any) -> list[str]:
    if isinstance(value, type) and dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
    elif isinstance(value, type) and hasattr(value, "_fields"):
        names = list(value._fields)
    elif isinstance(value, type) and _generated(value):
        names = []
    else:
        parameters = inspect.signature(value).parameters.values()
        names = [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return [name for name in names if name not in ("self", "cls") and not name.startswith("_")]


def _generated(kind: type) -> bool:
    """Tell whether the class has no ``__init__`` that somebody wrote."""
    return not inspect.isfunction(kind.__dict__.get("__init__")) or dataclasses.is_dataclass(kind)


def _methods(kind: type) -> Iterator[tuple[str, Any]]:
    for name, member in kind.__dict__.items():
        if name.startswith("_") or isinstance(member, type):
            continue
        if inspect.isfunction(member):
            yield name, member
        elif isinstance(member, property):
            yield name, member.fget
        elif isinstance(member, classmethod | staticmethod):
            yield name, member.__func__


def _is_mathematics(value: Any) -> bool:
    if isinstance(value, type):
        return issubclass(value, Method) and value is not Method
    returned = inspect.signature(value).return_annotation
    return value in PROBLEMS.values() or returned is Sides or value.__name__ in COMPUTE


def _explained(name: str, value: Any) -> bool:
    """Tell whether a constant has a comment ``#:`` where it is assigned."""
    for module in [m for key, m in sys.modules.items() if key.startswith("momoracle")]:
        if module.__dict__.get(name) is value:
            text = inspect.getsource(module)
            if re.search(rf"^#: .*\n(?:#: .*\n)*{name}\b.* = ", text, re.MULTILINE):
                return True
    return False
