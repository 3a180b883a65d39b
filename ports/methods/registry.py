"""All facts of a method, by its name or as ``FILE.py:CLASS``: derived from its text, or stated beside it."""

from functools import cache

from momoracle.ports.methods import classic, momo, tam
from momoracle.ports.methods.derive import (
    defaults_of,
    equations_of,
    has_counted_steps,
    is_separate,
    kept_of,
    quantities_of,
    scalars_of,
)
from momoracle.ports.methods.facts import MethodFacts, Setting, StatedFacts
from momoracle.ports.methods.text import MethodText
from momoracle.reference import ALGORITHMS, Method
from momoracle.reference.frame.edited import method_source
from momoracle.reference.frame.registry import method_of

_STATED: dict[str, StatedFacts] = {**classic.STATED, **momo.STATED, **tam.STATED}
# What an optimizer of a framework may have beside any method, and how it is switched off.
_OFF: dict[str, Setting] = {"weight_decay": 0.0, "maximize": False}


@cache
def facts_of(algorithm: str) -> MethodFacts:
    """Return what the checker knows of a method.

    Raises:
        AlgorithmError: there is no such method, or the class is no `Method`.
        FactsError: the method lacks something that the checker needs.

    >>> facts_of("sgdm").quantities, facts_of("sgdm").equations["params"]
    (('momentum', 'params'), 'heavy ball: x ← x − α m')
    """
    method = method_of(algorithm)
    stated = _STATED.get(algorithm, StatedFacts())
    text = MethodText(method_source(algorithm))
    defaults, kept = defaults_of(method), kept_of(method)
    words, latex = equations_of(method, text)
    tensors = [name for name in method.Trace._fields if name in method.tensors]
    off = {} if stated.switches else {name: value for name, value in _OFF.items() if name not in defaults}
    return MethodFacts(
        algorithm=algorithm,
        title=stated.title or method.__name__,
        defaults=defaults,
        switches={**off, **stated.switches},
        quantities=quantities_of(method),
        kept=kept,
        scalars=scalars_of(method),
        equations={**words, **stated.equations},
        latex={**latex, **stated.latex},
        narrowed={name: edits for name in kept if (edits := text.rounded(name, "float32"))},
        separate=is_separate(method),
        counts_steps=has_counted_steps(method),
        direction=stated.direction or (tensors[-1] if tensors else "params"),
        weights=dict(stated.weights),
        hints=(*_hint_tables(method), "any"),
    )


def equation(algorithm: str, quantity: str) -> str:
    """Return the equation that gives ``quantity``, or the method's title where it has none."""
    facts = facts_of(algorithm)
    return facts.equations.get(quantity, facts.title)


def order(algorithm: str, quantity: str) -> int:
    """Return the place of ``quantity`` within a step; unknown ones come just before the parameters."""
    names = facts_of(algorithm).quantities
    return names.index(quantity) * 2 if quantity in names else names.index("params") * 2 - 1


def _hint_tables(method: type[Method]) -> tuple[str, ...]:
    """Return the tables of a method, and of those of the package that its class is derived from."""
    names = {cls: name for name, cls in ALGORITHMS.items()}
    own = (names[cls] for cls in method.__mro__ if cls in names)
    return tuple(dict.fromkeys(table for name in own for table in _STATED[name].hints))
