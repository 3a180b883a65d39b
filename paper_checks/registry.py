"""Collect all claims: a module of the rooms momo, momo_rates, tam and steps that has a ``CLAIM`` holds one."""

import pkgutil
from functools import cache
from importlib import import_module

from momoracle.paper_checks import momo, momo_rates, steps, tam
from momoracle.paper_checks.claim import Claim

__all__ = [
    "claims",
]


@cache
def claims() -> dict[str, Claim]:
    """Return every claim by its id: definitions, lemmas, the consequences for MoMo and for TAM, the step as it runs.

    >>> claims()["M5"].kind, claims()["L2.1"].kind
    ('upper bound', 'identity')
    """
    rooms = (momo, momo_rates, tam, steps)
    names = [f"{room.__name__}.{module.name}" for room in rooms for module in pkgutil.iter_modules(room.__path__)]
    modules = [import_module(name) for name in names]
    unordered: list[Claim] = [module.CLAIM for module in modules if hasattr(module, "CLAIM")]
    return {claim.id: claim for claim in sorted(unordered, key=lambda claim: _sort_key(claim.id))}


def _sort_key(name: str) -> tuple[int, float]:
    return "DLMTS".index(name[0]), float(name[1:])


#: statements of the papers about accuracy on data sets; their authors measured them, and no check here repeats them
OUT_OF_SCOPE = (
    "MoMo: less tuning of the learning rate in image classification (MNIST, CIFAR, Imagenet)",
    "MoMo: less tuning of the learning rate for recommendation (Criteo), translation (IWSLT14) and a diffusion model",
    "TAM: better generalization in image classification",
    "TAM: better fine-tuning of large language models",
    "TAM: more exploration, and better handling of distribution shifts",
)
