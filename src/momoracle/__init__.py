"""momoracle: an oracle for momentum optimizers."""

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
