"""Find constructor arguments and buffer names of a port that momoracle does not recognise, and guess what was meant.

A misspelt ``weigth_decay`` is left at the port's own default and a buffer ``momentm`` is compared with nothing: neither
is wrong, and both are rarely meant. They are reported, and never change the verdict.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from momoracle.common.nearest import nearest
from momoracle.ports.adapters.argument_names import ALIASES, NEGATED, PACKED, arguments_of, match
from momoracle.ports.adapters.buffer_names import aliases_of
from momoracle.ports.adapters.port_arguments import PortArguments
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.running.findings import Unmatched

_NEAR = 0.75  # of difflib's ratio: one letter off in five
_PREFIX = 3  # letters that a shortened name has at least


def find_unknown_arguments(
    arguments: PortArguments, function: Callable[..., Any], *, of_framework: bool
) -> tuple[Unmatched, ...]:
    """Return the arguments of ``function``, but for the first, to which nothing is passed.

    An optimizer ``of_framework`` has many that are its own affair (``foreach``, ``name``, …): of those only the ones
    that resemble a hyperparameter which the port has no argument for.
    """
    try:
        accepted, _ = arguments_of(function)
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # compiled code may hide its signature
        return ()
    first = set(parameters[:1]) if "params" in parameters[:1] or not of_framework else {"params"}
    said = {*dict(arguments.settings), *dict(arguments.names).values()}
    hyperparameters = {"lr": 0.0, **facts_of(arguments.algorithm).defaults}
    for name, _ in arguments.names:
        del hyperparameters[name]
    passed = match(arguments.algorithm, hyperparameters, accepted - first - said, others=True)
    missing = [name for name in hyperparameters if not _names_of(name) & set(passed) & accepted]
    candidates = [alias for name in missing for alias in sorted(_names_of(name))]
    left = [name for name in parameters if name in accepted and name not in first | said | set(passed)]
    guesses = [Unmatched("argument", name, guess_meant(name, candidates)) for name in left]
    return tuple(guess for guess in guesses if guess.meant or not of_framework)


def find_unnamed_switches(algorithm: str, function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the method's switches that ``function`` takes by its ``**kwargs`` alone."""
    try:
        accepted, others = arguments_of(function)
    except (TypeError, ValueError):
        return ()
    defaults = facts_of(algorithm).defaults
    switches = [name for name, value in defaults.items() if isinstance(value, bool)]
    return tuple(name for name in switches if others and not _names_of(name) & accepted)


def find_unknown_buffers(algorithm: str, names: Iterable[str]) -> tuple[Unmatched, ...]:
    """Return the ``names`` that a port's ``state`` has and that are no quantity of the method."""
    quantities = facts_of(algorithm).quantities
    known = [name for name in quantities if name != "params"]
    published = {alias: quantity for quantity, aliases in aliases_of(algorithm).items() for alias in aliases}
    unknown = [name for name in dict.fromkeys(names) if name not in quantities]
    return tuple(Unmatched("buffer", name, published.get(name) or guess_meant(name, known)) for name in unknown)


def guess_meant(name: str, candidates: Collection[str]) -> str | None:
    """Return the candidate that a name resembles: it is misspelt, shortened, or their initials; None where none is.

    >>> guess_meant("momentun", ["beta", "momentum"]), guess_meant("wd", ["weight_decay"])
    ('momentum', 'weight_decay')
    >>> guess_meant("foreach", ["weight_decay"])
    """
    if near := nearest(name, candidates, _NEAR):
        return near[0]
    return next((candidate for candidate in candidates if _is_short_for(name.lower(), candidate)), None)


def unknown_name_lines(unmatched: Iterable[Unmatched]) -> Iterator[str]:
    """Yield a line for the arguments, and one for the buffers, where there are any."""
    every = tuple(unmatched)
    for kind, words in _WORDS.items():
        if names := [_with_guess(name) for name in every if name.kind == kind]:
            yield f"{words}: {', '.join(names)}"


_WORDS = {
    "argument": "arguments that are no hyperparameter's name, left at their defaults",
    "buffer": "buffers that are no quantity's name, compared with nothing",
}


def _with_guess(name: Unmatched) -> str:
    return f"{name.name} (did you mean {name.meant}?)" if name.meant else name.name


def _names_of(hyperparameter: str) -> set[str]:
    packs = [pack for pack, members in PACKED.items() if hyperparameter in members]
    return {*ALIASES.get(hyperparameter, (hyperparameter,)), *packs, NEGATED.get(hyperparameter, hyperparameter)}


def _is_short_for(name: str, full: str) -> bool:
    words = full.split("_")
    initials = len(words) > 1 and name == "".join(word[:1] for word in words)
    return initials or name in words[1:] or (len(name) >= _PREFIX and full.startswith(name))
