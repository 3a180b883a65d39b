"""The kernels on the host as ports, for processes that the port checker starts."""

import os
from functools import partial
from pathlib import Path

from momoracle.gpu.port import FusedPort
from momoracle.reference import TAM, AdaTAM, AdaTAMW, Method, MoMo, MoMoAdam
from support.device.host_machine import Host

FOLDER = "MOMORACLE_KERNELS"  # where the compiled kernels are kept


def _port(method: type[Method]) -> FusedPort:
    return FusedPort(method, Host(Path(os.environ[FOLDER])))


momo = partial(_port, MoMo)
momo_adam = partial(_port, MoMoAdam)
tam = partial(_port, TAM)
adatam = partial(_port, AdaTAM)
adatamw = partial(_port, AdaTAMW)
