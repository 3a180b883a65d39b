"""A right port of SGD whose import takes longer than a search for its mistakes is given."""

import time

from momoracle.ports.running.method_port import MethodPort
from momoracle.reference import SGD

time.sleep(2.0)


def right() -> MethodPort:
    return MethodPort(SGD)
