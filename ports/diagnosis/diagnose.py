"""The diagnosis of a port that deviates: observe, locate, propose, confirm, tell."""

from collections.abc import Callable, Mapping, Sequence

from momoracle.ports.diagnosis.confirm import Run, confirm
from momoracle.ports.diagnosis.locate import locate
from momoracle.ports.diagnosis.observe import observe
from momoracle.ports.diagnosis.propose import propose
from momoracle.ports.diagnosis.tell import tell
from momoracle.ports.running.messages import Observed
from momoracle.ports.running.report import Report
from momoracle.reference.golden.vectors import VectorFile


def diagnose(
    report: Report,
    vectors: VectorFile,
    run: Run,
    resynchronised: Mapping[str, Sequence[Observed]] | None = None,
    progress: Callable[[str], None] = lambda _: None,
    *,
    seed: str = "",
) -> Report:
    """Return the report with an explanation and locations, where a core vector deviates; else as it is.

    Args:
        report: of the vectors that the port ran.
        vectors: those vectors.
        run: runs a job on the port, in the process of a dtype.
        resynchronised: what `resynchronise` returned.
        progress: called with each set of departures that is tried.
        seed: names the drawing of fresh cases; the port's name where it is empty.
    """
    if not any(result.status == "deviates" for result in report.of("core")):
        return report

    # 1. Observe: only vectors that ran to their end can be compared with a replay.
    evidence = observe(report, vectors)

    # 2. Locate: what do the numbers alone tell, without any guess at the mistake?
    locations = locate(evidence, vectors, resynchronised)

    # A port whose parameters never deviate breaks the protocol: no formula explains that.
    if not evidence.deviating:
        return tell(report, vectors, None, locations)

    # 3. Propose: which known mistakes give the port's very numbers on all of the vectors?
    proposal = propose(
        evidence.replay(), evidence.tables, evidence.sound_buffers, progress, narrow=evidence.narrow_buffers
    )

    # 4. Confirm: a search that tries thousands of sets may fit by chance. So what it proposes must also hold on cases
    #    that it has not seen, and the port is asked for its numbers on those.
    explanation = confirm(evidence, proposal, run, seed or report.port)

    # 5. Tell: beside each deviation, those of the mistakes that it takes.
    return tell(report, vectors, explanation, locations)
