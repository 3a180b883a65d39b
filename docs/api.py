"""Make the pages of the API from the signatures and docstrings of the names in each module's ``__all__``."""

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
    """Return the text of each page by its path below ``reference/``, the index first."""
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


def _import(name: str) -> Any:
    """Import a module; return None if it needs an extra that is not installed, for public names need none."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("momoracle"):
            raise
        return None


def _homes() -> dict[tuple[str, str], tuple[Any, str]]:
    """Return the value of each public name, and the module to import it from, by (home, name).

    A name's home is the longest module that exports it; users import it from the shortest.
    """
    names = [momoracle.__name__] + [module.name for module in pkgutil.walk_packages(momoracle.__path__, "momoracle.")]
    modules = list(filter(None, (_import(name) for name in names if not name.endswith("__main__"))))
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
        text = docstring.summary(value.__doc__, link) if _documents_itself(value) else _comment(name, value)
        lines.append(f"| [`{name}`]({_path(home)}#{name}) | {text.replace('|', '&#124;')} |")
    return "\n".join(lines) + "\n"


def _documents_itself(value: Any) -> bool:
    return isinstance(value, type) or inspect.isroutine(value)


def _entry(name: str, value: Any, link: Any) -> Iterator[str]:
    if not _documents_itself(value):
        yield _comment(name, value)
        yield from _constant(value)
        return
    yield from _describe(name, value, link)
    if isinstance(value, type):
        for kept in (getattr(value, part) for part in _CONTRACT if part in vars(value)):
            yield f"### {kept.__name__}"
            yield docstring.markdown(kept.__doc__ or "", link, {})
        for method, member in vars(value).items():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            if not method.startswith("_") and inspect.isfunction(function) and function.__doc__:
                yield f"### {name}.{method}"
                yield from _describe(method, function, link, is_called=not isinstance(member, property))


def _describe(name: str, value: Any, link: Any, is_called: bool = True) -> Iterator[str]:
    if isinstance(value, type) and (issubclass(value, Exception) or getattr(value, "_is_protocol", False)):
        is_called = False  # users never construct these
    parameters = inspect.signature(value).parameters.values() if is_called else ()
    own = [p for p in parameters if p.name not in ("self", "cls")]
    defaults = {p.name: _default(p.default) for p in own if p.default is not p.empty}
    if is_called:
        yield f"```python\n{name}({', '.join(_parameter_text(p, defaults) for p in own)})\n```"
    yield docstring.markdown(value.__doc__ or "", link, defaults)


def _parameter_text(parameter: inspect.Parameter, defaults: dict[str, str]) -> str:
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else "*" * (parameter.kind is parameter.VAR_POSITIONAL)
    return stars + parameter.name + (f"={defaults[parameter.name]}" if parameter.name in defaults else "")


def _default(value: Any) -> str:
    short = value is None or isinstance(value, (int, float, str))
    return repr(value) if short else "()" if value == () else "…"


def _comment(name: str, value: Any) -> str:
    """Return the comment ``#:`` above a constant, as Markdown."""
    for module in [m for key, m in sys.modules.items() if key.startswith("momoracle")]:
        if vars(module).get(name) is value:
            match = re.search(rf"((?:^#: .*\n)+){name}\b.* = ", inspect.getsource(module), re.MULTILINE)
            if match:
                text = " ".join(line.removeprefix("#: ") for line in match[1].splitlines())
                return docstring.prose(text[0].upper() + text[1:] + ".", lambda other: f"`{other}`")
    raise ValueError(f"{name} is public and has no comment `#:` above it; write one")


def _constant(value: Any) -> Iterator[str]:
    if isinstance(value, tuple) and all(isinstance(item, Certificate) for item in value):
        rows = [f"| {item.id} | {docstring.prose(item.statement, str)} | {', '.join(item.needs)} |" for item in value]
        yield "\n".join(["| certificate | statement | needs |", "| --- | --- | --- |", *rows])
    elif hasattr(value, "keys"):
        yield ", ".join(f"`{key}`" for key in value)
    else:
        yield f"`{value!r}`"
