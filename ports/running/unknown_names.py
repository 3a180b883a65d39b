"""Names of a port that mean nothing here: arguments that are no hyperparameter's, buffers that are no quantity's.

A misspelt ``weigth_decay`` is left at the port's own default and a buffer ``momentm`` is compared with nothing: neither
is wrong, and both are rarely meant. They are told, and never change the verdict.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from momoracle.common.nearest import nearest
from momoracle.ports.adapters.argument_names import ALIASES, NEGATED, PACKED, arguments_of, match
from momoracle.ports.adapters.buffer_names import aliases_of
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.running.findings import Unmatched

_NEAR = 0.75  # of difflib's ratio: one letter off in five
_PREFIX = 3  # letters that a shortened name has at least


def arguments(algorithm: str, function: Callable[..., Any], *, of_framework: bool) -> tuple[Unmatched, ...]:
    """Return the arguments of ``function``, but for the first, that no hyperparameter is passed as.

    An optimizer ``of_framework`` has many that are its own affair (``foreach``, ``name``, …): of those only the ones
    that resemble a hyperparameter which the port has no argument for.
    """
    try:
        accepted, _ = arguments_of(function)
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # compiled code may hide its signature
        return ()
    first = set(parameters[:1]) if "params" in parameters[:1] or not of_framework else {"params"}
    hyperparameters = {"lr": 0.0, **facts_of(algorithm).defaults}
    given = match(algorithm, hyperparameters, accepted - first, others=True)
    missing = [name for name in hyperparameters if not _names_of(name) & set(given) & accepted]
    candidates = [alias for name in missing for alias in sorted(_names_of(name))]
    found = (Unmatched("argument", name, meant(name, candidates)) for name in parameters if name in accepted)
    left = [one for one in found if one.name not in first | set(given)]
    return tuple(one for one in left if one.meant or not of_framework)


def buffers(algorithm: str, names: Iterable[str]) -> tuple[Unmatched, ...]:
    """Return the ``names`` that a port's ``state`` has and that are no quantity of the method."""
    known = [name for name in facts_of(algorithm).quantities if name != "params"]
    published = {alias: quantity for quantity, aliases in aliases_of(algorithm).items() for alias in aliases}
    unknown = [name for name in dict.fromkeys(names) if name not in facts_of(algorithm).quantities]
    return tuple(Unmatched("buffer", name, published.get(name) or meant(name, known)) for name in unknown)


def meant(name: str, candidates: Collection[str]) -> str | None:
    """Return the candidate that a name resembles: it is misspelt, shortened, or their initials; None where none is.

    >>> meant("momentun", ["beta", "momentum"]), meant("wd", ["weight_decay"]), meant("foreach", ["weight_decay"])
    ('momentum', 'weight_decay', None)
    """
    if near := nearest(name, candidates, _NEAR):
        return near[0]
    return next((one for one in candidates if _short_for(name.lower(), one)), None)


def told(unmatched: Iterable[Unmatched]) -> Iterator[str]:
    """Yield a line for the arguments, and one for the buffers, where there are any."""
    every = tuple(unmatched)
    for kind, words in _WORDS.items():
        if names := [_name(one) for one in every if one.kind == kind]:
            yield f"{words}: {', '.join(names)}"


_WORDS = {
    "argument": "arguments that are no hyperparameter's name, left at their defaults",
    "buffer": "buffers that are no quantity's name, compared with nothing",
}


def _name(one: Unmatched) -> str:
    return f"{one.name} (did you mean {one.meant}?)" if one.meant else one.name


def _names_of(hyperparameter: str) -> set[str]:
    packs = [pack for pack, members in PACKED.items() if hyperparameter in members]
    return {*ALIASES.get(hyperparameter, (hyperparameter,)), *packs, NEGATED.get(hyperparameter, hyperparameter)}


def _short_for(name: str, full: str) -> bool:
    words = full.split("_")
    initials = len(words) > 1 and name == "".join(word[:1] for word in words)
    return initials or name in words[1:] or (len(name) >= _PREFIX and full.startswith(name))
