"""Collect all claims: every module of the rooms momo, momo_rates and tam holds one, named ``CLAIM``."""

import pkgutil
from functools import cache
from importlib import import_module

from momoracle.paper_checks import momo, momo_rates, tam
from momoracle.paper_checks.claim import Claim

__all__ = [
    "claims",
]


@cache
def claims() -> dict[str, Claim]:
    """Return every claim by its id: definitions, lemmas, then the consequences for MoMo and for TAM.

    >>> claims()["M5"].kind, claims()["L2.1"].kind
    ('upper bound', 'identity')
    """
    rooms = (momo, momo_rates, tam)
    names = [f"{room.__name__}.{module.name}" for room in rooms for module in pkgutil.iter_modules(room.__path__)]
    unordered: list[Claim] = [import_module(name).CLAIM for name in names]
    return {claim.id: claim for claim in sorted(unordered, key=lambda claim: _sort_key(claim.id))}


def _sort_key(name: str) -> tuple[str, float]:
    return name[0], float(name[1:])


#: statements of the papers about accuracy on data sets; their authors measured them, and no check here repeats them
OUT_OF_SCOPE = (
    "MoMo: less tuning of the learning rate in image classification (MNIST, CIFAR, Imagenet)",
    "MoMo: less tuning of the learning rate for recommendation (Criteo), translation (IWSLT14) and a diffusion model",
    "TAM: better generalization in image classification",
    "TAM: better fine-tuning of large language models",
    "TAM: more exploration, and better handling of distribution shifts",
)
