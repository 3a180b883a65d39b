"""A port checked and diagnosed in this process: no other has to start and load it."""

from typing import Any

from momoracle.ports.diagnosis.diagnose import diagnose
from momoracle.ports.processes.check_vectors import job_of, result_of
from momoracle.ports.processes.child import Job, Note, run
from momoracle.ports.processes.process import Outcome
from momoracle.ports.protocol import NotOffered
from momoracle.ports.running.report import Report
from momoracle.reference.golden.vectors import VectorFile


def examine_here(algorithm: str, factory: Any, vectors: VectorFile, name: str = "") -> Report:
    """Return the report of a port on these vectors, diagnosed; behaviours are not tried."""

    def run_here(job: Job, dtype: str) -> Outcome:
        outcome, at = Outcome(), [0]
        try:
            for message in run(factory(), algorithm, job, at):
                outcome.add(message)
        except NotOffered as error:
            outcome.missing = error.feature
        except Exception as error:
            outcome.add(Note("exception", at[0], str(error), fatal=True))
        return outcome

    results = [result_of(vector, vectors, run_here(job_of(vector), vector.dtype)) for vector in vectors.vectors]
    report = Report(algorithm, name or factory.__module__, {}, vectors.flags, tuple(results))
    return diagnose(report, vectors, run=run_here)
