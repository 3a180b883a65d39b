"""``momoracle check``."""

import shlex
from typing import Annotated

import typer

from momoracle.commands.search_option import Search, searched
from momoracle.commands.self_test_option import SelfTest, self_tested
from momoracle.commands.terminal import Json, console, progress, write_json
from momoracle.common.nearest import did_you_mean
from momoracle.pages.check_outputs import Badge, Html, Junit, write_outputs
from momoracle.ports.adapters.loading import PortError
from momoracle.ports.examine import examine, parts
from momoracle.ports.output.terminal import render
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden import files

TIME_LIMIT = 10.0  # seconds a vector


def check_command(
    algorithm: Annotated[str | None, typer.Argument(metavar="ALGORITHM", help=" ".join(ALGORITHMS))] = None,
    port: Annotated[
        str | None,
        typer.Argument(
            metavar="PORT",
            help="FILE.py:NAME, MODULE:NAME, torch=MODULE:CLASS, optax=MODULE:FUNCTION or keras=MODULE:CLASS",
        ),
    ] = None,
    json_file: Json = None,
    html: Html = None,
    junit: Junit = None,
    badge: Badge = None,
    time_limit: Annotated[float, typer.Option(min=0.1, help="Seconds that one vector may take.")] = TIME_LIMIT,
    search: Search = 0.0,
    self_test: SelfTest = False,
) -> None:
    """Check whether a port is the paper's method; if not, say where they part and what the port computes instead."""
    if algorithm is not None and algorithm not in ALGORITHMS:
        known = f"choose one of {', '.join(ALGORITHMS)}{did_you_mean(algorithm, ALGORITHMS)}"
        raise typer.BadParameter(f"{algorithm!r} is no algorithm; {known}")
    if self_test:
        if port is not None or html or junit or badge or search:
            raise typer.BadParameter("--self-test checks no port; give it ALGORITHM and --json at most")
        raise typer.Exit(0 if self_tested(algorithm, json_file) else 1)
    if algorithm is None or port is None:
        raise typer.BadParameter("ALGORITHM and PORT are needed, or --self-test; see momoracle check --help")
    try:
        content = files.load(algorithm)
        with progress(parts(content)) as watch:
            report = examine(algorithm, port, content, time_limit=time_limit, watcher=watch)
    except PortError as error:
        raise typer.BadParameter(str(error)) from None
    console.print(render(report))
    report = searched(report, search, time_limit)
    write_json(json_file, report.to_json())
    write_outputs(report, content, command_line(algorithm, port, time_limit, search), html, junit, badge)
    raise typer.Exit(0 if report.verdict == "conforms" and report.counterexample is None else 1)


def command_line(algorithm: str, port: str, time_limit: float, search: float) -> str:
    """Return the line that gives the same report again."""
    options = [f"--time-limit={time_limit:g}"] if time_limit != TIME_LIMIT else []
    options += [f"--search={search:g}"] if search else []
    return shlex.join(["momoracle", "check", algorithm, port, *options])
