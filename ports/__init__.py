"""The port checker: it says whether an optimizer is the paper's method, and where it parts from it if not.

This file has what a port's author imports; ``protocol.py`` says what a port is, ``examine.py`` how a check goes.
A file enters here if several of the rooms below need it, or if it is an entry of its own, such as the pytest suite.
"""

from momoracle.ports.adapters.port_spec import PortError
from momoracle.ports.processes.check_vectors import check
from momoracle.ports.protocol import NotOffered, Port, Restorable, Schedule, Settable
from momoracle.ports.running.report import Deviation, Report, VectorResult

__all__ = [
    "Deviation",
    "NotOffered",
    "Port",
    "PortError",
    "Report",
    "Restorable",
    "Schedule",
    "Settable",
    "VectorResult",
    "check",
]
