"""The methods by name: those of the package, and a user's own by ``FILE.py:CLASS``."""

import re
from functools import cache

from momoracle.common.nearest import did_you_mean
from momoracle.common.user_code import TargetError, error_report, load_target, parse_target
from momoracle.reference.adam import Adam
from momoracle.reference.adamw import AdamW
from momoracle.reference.adatam import AdaTAM
from momoracle.reference.adatamw import AdaTAMW
from momoracle.reference.frame.method import Method
from momoracle.reference.momo import MoMo
from momoracle.reference.momo_adam import MoMoAdam
from momoracle.reference.sgd import SGD
from momoracle.reference.sgdm import SGDM
from momoracle.reference.tam import TAM

#: the methods by the names that the vectors and the command line use
ALGORITHMS: dict[str, type[Method]] = {
    "sgd": SGD,
    "sgdm": SGDM,
    "adam": Adam,
    "adamw": AdamW,
    "momo": MoMo,
    "momo-adam": MoMoAdam,
    "tam": TAM,
    "adatam": AdaTAM,
    "adatamw": AdaTAMW,
}


class AlgorithmError(LookupError):
    """A text names no method: neither one of the package nor a class that can be loaded.

    >>> method_of("mom")
    Traceback (most recent call last):
        ...
    momoracle.reference.frame.registry.AlgorithmError: ALGORITHM='mom': there is no such algorithm; choose one of \
sgd, sgdm, adam, adamw, momo, momo-adam, tam, adatam, adatamw, or FILE.py:CLASS; did you mean momo?
    """


@cache
def method_of(algorithm: str) -> type[Method]:
    """Return the method of a name, or the class that ``FILE.py:CLASS`` or ``MODULE:CLASS`` names.

    The answer is kept by the text: a file that changes is not read again by the same process.

    Args:
        algorithm: the text.

    Raises:
        AlgorithmError: there is no such method (for a class, the text of the loader's ``TargetError`` says what is
            missing), or the class is no `Method`.

    >>> method_of("momo").__name__
    'MoMo'
    """
    if algorithm in ALGORITHMS:
        return ALGORITHMS[algorithm]
    if ":" not in algorithm:
        known = f"{', '.join(ALGORITHMS)}, or FILE.py:CLASS{did_you_mean(algorithm, ALGORITHMS)}"
        raise AlgorithmError(f"ALGORITHM={algorithm!r}: there is no such algorithm; choose one of {known}")
    try:
        method = load_target(parse_target(algorithm))
    except TargetError as error:
        raise AlgorithmError(f"ALGORITHM={algorithm!r}: {error}") from None
    except Exception as error:
        raise AlgorithmError(f"ALGORITHM={algorithm!r}: importing it failed with {error_report(error)}") from error
    if not (isinstance(method, type) and issubclass(method, Method)):
        raise AlgorithmError(
            f"ALGORITHM={algorithm!r} is no method; a subclass of momoracle.reference.Method is needed: "
            "the page add-an-optimizer shows one"
        )
    return method


def is_own(algorithm: str) -> bool:
    """Tell whether a text names one of the package's methods rather than a user's class."""
    return algorithm in ALGORITHMS


def name_of(algorithm: str) -> str:
    """Return the name that files and the ids of vectors use: a user's class has its own name in lower case.

    >>> name_of("momo-adam"), name_of("methods/nesterov.py:Nesterov"), name_of("mine.py:My_Method")
    ('momo-adam', 'nesterov', 'my-method')
    """
    if is_own(algorithm):
        return algorithm
    words = re.findall("[a-z0-9]+", algorithm.rpartition(":")[2].lower())
    return "-".join(words) or "method"  # a name in another alphabet
