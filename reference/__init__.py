"""The reference optimizers: one method a file, one number system a file."""

from momoracle.reference.adam import Adam
from momoracle.reference.adamw import AdamW
from momoracle.reference.adatam import AdaTAM
from momoracle.reference.adatamw import AdaTAMW
from momoracle.reference.method import Method
from momoracle.reference.momo import MoMo
from momoracle.reference.momo_adam import MoMoAdam
from momoracle.reference.registry import ALGORITHMS, AlgorithmError, method_of
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
