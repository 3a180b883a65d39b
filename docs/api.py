"""The reference of the API as pages, made of what every module's ``__all__`` names: signatures and docstrings."""

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from typing import Any

import docstring

import momoracle
from momoracle.convergence.certificates.certificate import Certificate

INDEX = "index.md"
_CONTRACT = ("State", "Trace")


def pages() -> dict[str, str]:
    """Return the pages by their paths below ``reference/``, the index first."""
    homes = _homes()
    where = {name: _path(module) for (module, name) in homes}

    def link(name: str) -> str:
        public = name.split(".")[0]
        return f"[`{name}`]({where[public]}#{public})" if public in where else f"`{name}`"

    made = {INDEX: _index(homes, link)}
    for module in dict.fromkeys(module for module, _ in homes):
        about = docstring.summary(sys.modules[module].__doc__ or "", link)
        parts = [f"# {module.removeprefix('momoracle.')}", about]
        for (home, name), (value, shortest) in homes.items():
            if home == module:
                parts += [f"## {name} {{ #{name} }}", f"```python\nfrom {shortest} import {name}\n```"]
                parts += _entry(name, value, link)
        made[_path(module)] = "\n\n".join(parts) + "\n"
    return made


def _imported(name: str) -> Any:
    """Return a module, or None where it needs an extra that is not installed: what is public needs none."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("momoracle"):
            raise
        return None


def _homes() -> dict[tuple[str, str], tuple[Any, str]]:
    """Return (module, name) -> (value, module to import it from): its home is the longest module that exports it."""
    names = [momoracle.__name__] + [found.name for found in pkgutil.walk_packages(momoracle.__path__, "momoracle.")]
    modules = list(filter(None, (_imported(name) for name in names if not name.endswith("__main__"))))
    exported = [(m.__name__, name, getattr(m, name)) for m in modules for name in getattr(m, "__all__", ())]
    homes: dict[tuple[str, str], tuple[Any, str]] = {}
    for module, name, value in exported:
        same = [(other.count("."), other) for other, label, it in exported if label == name and it is value]
        if module == max(same)[1]:
            homes[module, name] = value, min(same)[1]
    return homes


def _path(module: str) -> str:
    return module.removeprefix("momoracle.").replace(".", "-") + ".md"


def _index(homes: dict[tuple[str, str], tuple[Any, str]], link: Any) -> str:
    lines: list[str] = ["# Reference", "", "Every public name, and what it is for.", "", "| name | |", "| --- | --- |"]
    for (home, name), (value, _) in homes.items():
        told = docstring.summary(value.__doc__, link) if _documents_itself(value) else _comment(name, value)
        lines.append(f"| [`{name}`]({_path(home)}#{name}) | {told.replace('|', '&#124;')} |")
    return "\n".join(lines) + "\n"


def _documents_itself(value: Any) -> bool:
    return isinstance(value, type) or inspect.isroutine(value)


def _entry(name: str, value: Any, link: Any) -> Iterator[str]:
    if not _documents_itself(value):
        yield _comment(name, value)
        yield from _constant(value)
        return
    yield from _described(name, value, link)
    if isinstance(value, type):
        for kept in (getattr(value, one) for one in _CONTRACT if one in vars(value)):
            yield f"### {kept.__name__}"
            yield docstring.markdown(kept.__doc__ or "", link, {})
        for method, member in vars(value).items():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            if not method.startswith("_") and inspect.isfunction(function) and function.__doc__:
                yield f"### {name}.{method}"
                yield from _described(method, function, link, called=not isinstance(member, property))


def _described(name: str, value: Any, link: Any, called: bool = True) -> Iterator[str]:
    if isinstance(value, type) and (issubclass(value, Exception) or getattr(value, "_is_protocol", False)):
        called = False  # nobody makes one to use it
    parameters = inspect.signature(value).parameters.values() if called else ()
    own = [p for p in parameters if p.name not in ("self", "cls")]
    defaults = {p.name: _default(p.default) for p in own if p.default is not p.empty}
    if called:
        yield f"```python\n{name}({', '.join(_shown(p, defaults) for p in own)})\n```"
    yield docstring.markdown(value.__doc__ or "", link, defaults)


def _shown(parameter: inspect.Parameter, defaults: dict[str, str]) -> str:
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else "*" * (parameter.kind is parameter.VAR_POSITIONAL)
    return stars + parameter.name + (f"={defaults[parameter.name]}" if parameter.name in defaults else "")


def _default(value: Any) -> str:
    short = value is None or isinstance(value, (int, float, str))
    return repr(value) if short else "()" if value == () else "…"


def _comment(name: str, value: Any) -> str:
    """Return the comment ``#:`` above a constant."""
    for module in [m for key, m in sys.modules.items() if key.startswith("momoracle")]:
        if vars(module).get(name) is value:
            found = re.search(rf"((?:^#: .*\n)+){name}\b.* = ", inspect.getsource(module), re.MULTILINE)
            if found:
                text = " ".join(line.removeprefix("#: ") for line in found[1].splitlines())
                return docstring.prose(text[0].upper() + text[1:] + ".", lambda other: f"`{other}`")
    raise ValueError(f"{name} is public and has no comment `#:` above it; write one")


def _constant(value: Any) -> Iterator[str]:
    if isinstance(value, tuple) and all(isinstance(one, Certificate) for one in value):
        rows = [f"| {one.id} | {docstring.prose(one.statement, str)} | {', '.join(one.needs)} |" for one in value]
        yield "\n".join(["| certificate | statement | needs |", "| --- | --- | --- |", *rows])
    elif hasattr(value, "keys"):
        yield ", ".join(f"`{key}`" for key in value)
    else:
        yield f"`{value!r}`"
