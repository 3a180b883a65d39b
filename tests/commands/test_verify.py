"""``momoracle verify`` and ``momoracle figures`` as a user runs them."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support.claims import quick_result
from typer.testing import CliRunner

from momoracle.commands.command_line import app
from momoracle.paper_checks import evaluate, verify
from momoracle.paper_checks.figures import registry, tam
from momoracle.paper_checks.registry import OUT_OF_SCOPE


def run(*arguments: Any) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


class Outside(HTMLParser):
    """Collects what a page would load from elsewhere, and its ids."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        for name in ("src", "href"):
            address = values.get(name) or ""
            if address and not address.startswith(("data:", "#")):
                self.loads.append(address)
        if tag in ("script", "link", "iframe"):
            self.loads.append(tag)
        if tag == "section" and values.get("id"):
            self.ids.append(str(values["id"]))


def test_the_page_needs_nothing_else_and_shows_the_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "check_claim", lambda claim, effort: quick_result(claim))
    chosen = ("T4", "T7", "golden-sgd")
    status, _ = run("verify", "--quick", *(f"--claim={name}" for name in chosen), "--html", tmp_path / "pages")
    assert status == 0
    page = (tmp_path / "pages" / "verify.html").read_text(encoding="utf-8")
    parser = Outside()
    parser.feed(page)
    assert parser.loads == []
    assert parser.ids == list(chosen)
    assert page.count("<math") > 5
    assert "data:image/svg+xml;base64," in page  # TAM's Figure 1 belongs to T7
    assert "induction over t" in page
    assert all(statement in page for statement in OUT_OF_SCOPE)
    assert "sympy 1." in page


def test_json_and_the_last_line_name_what_was_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {"cvxpy": True, "clarabel": None}
    monkeypatch.setattr("momoracle.paper_checks.evaluate.find_spec", modules.get)
    status, text = run("verify", "--quick", "--claim", "L2.1", "--json", tmp_path / "out.json")
    assert status == 0
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    (claim,) = content["claims"]
    assert claim["verdict"] == "holds"
    assert {m["verdict"] for m in claim["methods"]} == {"holds", "not_run"}
    assert len(content["not_run"]) == 1
    assert "clarabel" in content["not_run"][0]
    last = text.strip().splitlines()[-1]
    assert last.startswith("holds")
    assert "L2.1 solver: Clarabel" in last


def test_a_claim_that_fails_makes_the_run_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    method = evaluate.MethodResult("exact: x", "fails", "two [bold]is[/bold] <b>not</b> one")
    failing = evaluate.Result("T4", "title", "identity", (method,), ())
    monkeypatch.setattr(verify, "check_claim", lambda claim, effort: failing)
    status, text = run("verify", "--claim", "T4", "--json", tmp_path / "out.json", "--html", tmp_path)
    assert status == 1
    assert "[bold]is[/bold]" in text  # evidence is no markup
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["verdict"] == "fails"
    assert "two [bold]is[/bold] &lt;b&gt;not&lt;/b&gt; one" in (tmp_path / "verify.html").read_text(encoding="utf-8")


def test_several_claims_share_two_processes_and_come_in_order(tmp_path: Path) -> None:
    chosen = ["M8", "M13", "T3", "golden-sgd"]
    status, _ = run("verify", "--quick", *(f"--claim={name}" for name in chosen), "--json", tmp_path / "out.json")
    assert status == 0
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [claim["id"] for claim in content["claims"]] == chosen


def test_quick_and_thorough_exclude_each_other() -> None:
    assert run("verify", "--quick", "--thorough")[0] == 2


def test_figures_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "figures", lambda: tam.FIGURES[:1])  # each one's bytes are tested on their own
    status, _ = run("figures", "--folder", tmp_path / "drawn")
    assert status == 0
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["tam-angle.png", "tam-angle.svg"]
    (tmp_path / "file").write_text("")
    assert run("figures", "--folder", tmp_path / "file")[0] == 2
