"""The port checker: is an optimizer that somebody wrote the paper's method, and if not, where does it part from it."""

from momoracle.ports.loading import PortError
from momoracle.ports.protocol import NotOffered, Port, Restorable, Schedule, Settable
from momoracle.ports.report import Deviation, Report, VectorResult
from momoracle.ports.runner import check

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
