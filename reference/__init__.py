"""The reference optimizers: each file holds one method, or formulas that several methods share.

A method's file has the paper's formulas and their citations, and nothing else. What steps it is in ``frame``, the
numbers over which it runs are in ``numbers``, and ``golden`` holds the vectors that come of it.
"""

from momoracle.reference.adam import Adam
from momoracle.reference.adamw import AdamW
from momoracle.reference.adatam import AdaTAM
from momoracle.reference.adatamw import AdaTAMW
from momoracle.reference.frame.method import Method
from momoracle.reference.frame.registry import ALGORITHMS, AlgorithmError, method_of
from momoracle.reference.momo import MoMo
from momoracle.reference.momo_adam import MoMoAdam
from momoracle.reference.sgd import SGD
from momoracle.reference.sgdm import SGDM
from momoracle.reference.tam import TAM
from momoracle.reference.transfer import transfer_lr
from momoracle.reference.warmup import WarmUp

__all__ = [
    "ALGORITHMS",
    "SGD",
    "SGDM",
    "TAM",
    "AdaTAM",
    "AdaTAMW",
    "Adam",
    "AdamW",
    "AlgorithmError",
    "Method",
    "MoMo",
    "MoMoAdam",
    "WarmUp",
    "method_of",
    "transfer_lr",
]
