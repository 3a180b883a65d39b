"""Make the table of the names that a port may give a hyperparameter, from the checker's own table."""

from momoracle.ports.adapters.argument_names import ALIASES, NEGATED, PACKED
from momoracle.ports.methods.registry import facts_of
from momoracle.reference import ALGORITHMS

PLACE = "<!-- argument names -->"


def table() -> str:
    """Return a row for each hyperparameter: what ports may call it, in the order of preference."""
    facts = [facts_of(algorithm) for algorithm in ALGORITHMS]
    names = list(dict.fromkeys(["lr", *(name for method in facts for name in method.defaults)]))
    rows = [f"| `{name}` | {', '.join(_names(name))} |" for name in names]
    switches = dict.fromkeys(f"`{name}`" for method in facts for name in method.switches)
    return "\n".join(
        [
            "| hyperparameter | is passed as the first of these that the port has |",
            "| --- | --- |",
            *rows,
            "",
            f"Where a port has {', '.join(switches)}, they are set so that it is the method that is checked.",
        ]
    )


def _names(hyperparameter: str) -> list[str]:
    names = [f"`{name}`" for name in ALIASES.get(hyperparameter, (hyperparameter,))]
    names += [f"`{NEGATED[hyperparameter]}`, negated"] if hyperparameter in NEGATED else []
    return names + [f"`{pack}`, a pair" for pack, members in PACKED.items() if hyperparameter in members]
