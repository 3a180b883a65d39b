"""``momoracle check``."""

import shlex
from collections.abc import Sequence
from typing import Annotated

import typer

from momoracle.commands.search_option import Search, search_and_show
from momoracle.commands.self_test_option import EveryPair, SelfTest, self_test_and_show
from momoracle.commands.terminal import Json, console, progress, write_json
from momoracle.common.provenance import describe_run
from momoracle.pages.check_outputs import Badge, Html, Junit, write_outputs
from momoracle.ports.adapters.port_spec import FORMS, PortError, parse_names, parse_settings
from momoracle.ports.examine import diagnose_port, observe_port, parts
from momoracle.ports.output.terminal import render, render_diagnosis
from momoracle.ports.processes.session import open_session
from momoracle.ports.running.report import EXIT_STATUS
from momoracle.reference import ALGORITHMS, AlgorithmError, method_of
from momoracle.reference.golden import vectors_of

TIME_LIMIT = 10.0  # seconds of processor time a vector


def check_command(
    algorithm: Annotated[
        str | None, typer.Argument(metavar="ALGORITHM", help=f"{' '.join(ALGORITHMS)}, or FILE.py:CLASS")
    ] = None,
    port: Annotated[str | None, typer.Argument(metavar="PORT", help=FORMS)] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Pass the port an argument of its own, such as nesterov=true. Can be given several times.",
        ),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--name",
            metavar="HYPERPARAMETER=ARGUMENT",
            help="Say what the port calls a hyperparameter, such as beta=decay. Can be given several times.",
        ),
    ] = None,
    json_file: Json = None,
    html: Html = None,
    junit: Junit = None,
    badge: Badge = None,
    time_limit: Annotated[
        float,
        typer.Option(min=0.1, help="Seconds of processor time that one vector may take; three times as long if idle."),
    ] = TIME_LIMIT,
    search: Search = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of the cases that are drawn; 0 is the port's name.")] = 0,
    self_test: SelfTest = False,
    every_pair: EveryPair = False,
) -> None:
    """Check whether a port is the paper's method; if not, say where they part and what the port computes instead.

    Exit status: 0 the port conforms, 1 it deviates or crashes, 2 wrong usage, 3 undecided, as vectors were not run.
    """
    try:
        if algorithm is not None:
            method_of(algorithm)
        if self_test:
            if port is not None or html or junit or badge or search or settings or names:
                raise typer.BadParameter("--self-test checks no port; give it ALGORITHM and --json at most")
            raise typer.Exit(0 if self_test_and_show(algorithm, json_file, every_pair) else 1)
        if every_pair:
            raise typer.BadParameter("--all goes with --self-test")
        if algorithm is None or port is None:
            raise typer.BadParameter("ALGORITHM and PORT are needed, or --self-test; see momoracle check --help")
        own, called = parse_settings(settings or ()), parse_names(names or ())
        content = vectors_of(algorithm)
        with open_session(algorithm, port, time_limit=time_limit, settings=own, names=called) as session:
            # The verdict is shown as soon as it is known; what explains it may take longer than all before.
            with progress(parts(content)) as watch:
                report = observe_port(session, content, watch)
            console.print(render(report))
            with progress(None) as watch:
                report = diagnose_port(session, report, content, watch, seed=str(seed) if seed else "")
            if report.explanation is not None:
                console.print(render_diagnosis(report))
            report = search_and_show(session, report, search, seed)
    except (PortError, AlgorithmError) as error:
        raise typer.BadParameter(str(error)) from None
    if report.unfinished:
        console.print(f"Interrupted: not done are {', '.join(report.unfinished)}.", style="yellow")
    write_json(json_file, {**describe_run(), "seed": seed, **report.to_json()})
    line = command_line(algorithm, port, time_limit, search, settings or (), names or (), seed)
    write_outputs(report, content, line, html, junit, badge)
    raise typer.Exit(EXIT_STATUS[report.verdict])


def command_line(
    algorithm: str,
    port: str,
    time_limit: float = TIME_LIMIT,
    search: float = 0.0,
    settings: Sequence[str] = (),
    names: Sequence[str] = (),
    seed: int = 0,
) -> str:
    """Return the line that gives the same report again."""
    options = [f"--set={text}" for text in settings] + [f"--name={text}" for text in names]
    options += [f"--time-limit={time_limit:g}"] if time_limit != TIME_LIMIT else []
    options += [f"--search={search:g}"] if search else []
    options += [f"--seed={seed}"] if seed else []
    return shlex.join(["momoracle", "check", algorithm, port, *options])
