"""momoracle: an oracle for momentum optimizers.

The methods and `check` are imported from their rooms when they are first used, so that ``import momoracle`` and the
command line's ``--help`` need not load NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what __getattr__ below does when the program runs, for type checkers and editors
    from momoracle.classroom import check
    from momoracle.reference import (
        SGD,
        SGDM,
        TAM,
        Adam,
        AdamW,
        AdaTAM,
        AdaTAMW,
        MoMo,
        MoMoAdam,
        WarmUp,
        transfer_lr,
    )

__all__ = [
    "SGD",
    "SGDM",
    "TAM",
    "AdaTAM",
    "AdaTAMW",
    "Adam",
    "AdamW",
    "MoMo",
    "MoMoAdam",
    "WarmUp",
    "check",
    "transfer_lr",
]


if not TYPE_CHECKING:  # a type checker would take a module with __getattr__ to have every name

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first used (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module 'momoracle' has no attribute {name!r}; it has {', '.join(__all__)}")
        value = getattr(import_module("momoracle.classroom" if name == "check" else "momoracle.reference"), name)
        globals()[name] = value  # the next access finds it without this function
        return value


def __dir__() -> list[str]:
    """Return the names of the module, the public ones included before they are imported."""
    return sorted({*globals(), *__all__})
