"""The table on the terminal and the page of published ports."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO

from rich.console import Console

from momoracle.ports import Report, check
from momoracle.ports.adapters.port_spec import parse_port
from momoracle.ports.examine import examine
from momoracle.ports.output.terminal import by_flag, render
from momoracle.ports.processes.check_behaviours import rows_in_order
from momoracle.ports.published.catalogue import PUBLISHED, Published
from momoracle.ports.published.page import page
from momoracle.ports.running.findings import Behaviour
from momoracle.reference.golden.vectors import VectorFile

Ports = Callable[[str], str]


def text(report: Report) -> str:
    out = StringIO()
    Console(file=out, width=200).print(render(report))
    return out.getvalue()


def test_the_verdict_comes_first_and_then_the_numbers(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    shown = text(check("sgd", sgd_port("WrongSign"), sgd_vectors))
    assert "deviates as sgd: of 5 core vectors 4 agree, 1 deviate." in " ".join(shown.splitlines()[:2])
    assert "trigger-float64" in shown
    assert "params, tensor" in shown
    assert "x ← x − α (g + λ x)" in shown
    assert "-1.75" not in shown.splitlines()[0]


def test_markup_from_ports_is_shown_as_it_is(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    assert "no [bold]such[/bold] thing" in text(check("sgd", sgd_port("Raises"), sgd_vectors))


def test_a_port_cannot_write_to_the_terminal_itself(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    report = check("sgd", sgd_port("RaisesWithAnEscape"), sgd_vectors)
    shown = text(replace(report, port="\x1b]0;title\x07name"))
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_a_vector_counts_under_the_flags_of_its_own_class(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    huge = next(one for one in sgd_vectors.vectors if one.flags == ("huge",))
    both = replace(sgd_vectors, vectors=(*sgd_vectors.vectors, replace(huge, id="both", flags=("huge", "plain"))))
    report = check("sgd", sgd_port("Right"), both)
    assert (by_flag(report)["huge"], by_flag(report)["plain"]) == ({"agrees": 2}, {"agrees": 2})


def test_what_is_not_offered_is_said(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    report = check("sgd", sgd_port("NoDecay"), sgd_vectors)
    assert "not offered: weight_decay (vectors: 1)" in text(report)
    assert by_flag(report)["decay"] == {"not_offered": 1}
    assert by_flag(report)["plain"] == {"agrees": 2}


def test_buffers_alone_are_a_table_of_their_own(sgd_port: Ports, sgdm_vectors: VectorFile) -> None:
    shown = text(check("sgdm", sgd_port("ScaledMomentum"), sgdm_vectors))
    assert "conforms as sgdm" in shown
    assert "Buffers alone are off, the parameters are not: 1" in shown


def test_the_page_is_the_same_twice_and_has_no_folder(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    def written() -> str:
        names = ("Right", "WrongSign", "Raises", "NoDecay")
        made = [
            (Published("sgd", f"examples:{name}", name), check("sgd", sgd_port(name), sgd_vectors)) for name in names
        ]
        return page(made)

    first = written()
    assert first == written()
    assert sgd_port("") not in first
    assert "| `Right` | **conforms** | 5 / 5 | 1 / 1 | 1 / 1 | nothing | none |" in first
    assert "| `NoDecay` | **conforms** | 4 / 4 | 1 / 1 | 1 / 1 | `weight_decay` | none |" in first
    assert "| decay | core | 1 / 1 | 1 / 1 | 1 / 1 | — |" in first
    assert "step 2, `params`, in `trigger-float64`" in first
    assert "observed " in first
    assert "exception in `trigger-float64`: `RuntimeError: no [bold]such[/bold] thing" in first


def test_the_catalogue_can_be_parsed_and_names_each_check_once() -> None:
    assert len({(one.algorithm, one.port) for one in PUBLISHED}) == len(PUBLISHED)
    assert all(parse_port(one.port).adapter for one in PUBLISHED)


def test_behaviours_that_hold_are_counted_without_a_table(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    rows = tuple(Behaviour(name, "A policy.", "holds", "seen") for name in "ab")
    shown = text(replace(check("sgd", sgd_port("Right"), sgd_vectors), behaviours=rows))
    assert "Behaviours beside the update: 2 hold; only gradients-left-alone decides the verdict" in shown
    assert "what was seen" not in shown


def test_behaviours_that_fail_alike_share_a_row(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    alike = tuple(Behaviour(name, f"Policy of {name}.", "broken", "RuntimeError: no") for name in ("one", "two"))
    rows = (*alike, Behaviour("three", "Policy of three.", "broken", "another"))
    shown = text(replace(check("sgd", sgd_port("Right"), sgd_vectors), behaviours=rows))
    assert shown.count("RuntimeError: no") == 1
    assert "one, two" in shown
    assert "Policy of one." not in shown
    assert "expected: Policy of three." in shown


def test_a_port_that_hangs_is_not_asked_for_behaviours(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    report = examine("sgd", sgd_port("HangsAlways"), sgd_vectors, time_limit=0.2)
    assert {row.outcome for row in report.behaviours} == {"not_run", "not_applicable"}
    assert "11 not run; only gradients-left-alone decides the verdict" in text(report)
    assert text(report).count("not tried: the port hung in 6 vectors") == 1
    reason = rows_in_order("sgd", parse_port(sgd_port("HangsAlways")), {}, "because")
    assert {row.evidence for row in reason if row.outcome == "not_run"} == {"because"}
