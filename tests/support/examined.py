"""A port checked and diagnosed in this process: no other has to start and load it."""

from typing import Any

from momoracle.ports.diagnosis.diagnose import diagnose
from momoracle.ports.processes.local_session import LocalSession
from momoracle.ports.running.compare import result_of
from momoracle.ports.running.messages import job_of
from momoracle.ports.running.report import Report
from momoracle.reference.golden.vectors import VectorFile


def examine_here(algorithm: str, factory: Any, vectors: VectorFile, name: str = "", **settings: float | bool) -> Report:
    """Return the report of a port on these vectors, diagnosed; behaviours are not tried.

    ``settings`` are values for arguments of the port's own.
    """
    run = LocalSession(algorithm, factory, settings).run
    results = [result_of(vector, vectors, run(job_of(vector), vector.dtype)) for vector in vectors.vectors]
    report = Report(algorithm, name or factory.__module__, {}, vectors.flags, tuple(results))
    return diagnose(report, vectors, run=run)
