"""The port checker: is an optimizer that somebody wrote the paper's method, and if not, where does it part from it."""

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
