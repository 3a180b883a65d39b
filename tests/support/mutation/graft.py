"""Put a mutant into the modules that are loaded: every function of the module gets the mutant's code, in place.

Functions keep their identity, so whoever has imported one runs the mutant too, and nothing is imported again.
"""

import ast
from types import FunctionType, ModuleType
from typing import Any


def graft(module: ModuleType, tree: ast.Module) -> None:
    """Replace the code of a module's functions, methods and plain constants by that of an edited tree."""
    namespace: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(tree, f"<mutant of {module.__name__}>", "exec"), namespace)
    _carry_over(module, namespace, module.__name__)


def _carry_over(owner: Any, new: dict[str, Any], module: str) -> None:
    old = vars(owner)
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, type) and isinstance(before, type) and before.__module__ == module:
            _carry_over(before, dict(vars(value)), module)
        elif (function := _function(value)) is not None and (target := _function(before)) is not None:
            if target.__module__ == module or target.__qualname__ == function.__qualname__:
                target.__code__ = function.__code__
                target.__defaults__, target.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
            if hasattr(before, "cache_clear"):
                before.cache_clear()
        elif _is_plain(value) and _is_plain(before) and not name.startswith("__") and value != before:
            setattr(owner, name, value)


def _function(value: Any) -> FunctionType | None:
    """Return the function behind a function, method, property or cache."""
    for inner in (value, getattr(value, "__func__", None), getattr(value, "fget", None)):
        inner = getattr(inner, "__wrapped__", inner)
        if isinstance(inner, FunctionType):
            return inner
    return None


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return isinstance(value, (bool, int, float, str))
