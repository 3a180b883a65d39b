"""``momoracle rates``."""

from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from momoracle.commands.terminal import Json, console, write_json
from momoracle.pages.check_outputs import writable_folder

DEFAULT_PROBLEMS = (
    "least-squares",
    "absolute-loss",
    "huber",
    "hinge",
    "squared-hinge",
    "logistic",
    "relu-regression",
    "polyak-max",
    "nesterov-max",
    "diabetes",
    "breast-cancer",
    "digits",
    "noisy-least-squares",
)

WATCHED = ("step_size", "damping")  # what the figures show over time


def rates_command(
    problems: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROBLEM]...",
            help="NAME or NAME:option=value,…, or FILE.py:NAME; all of the zoo if left out. `--list` names them.",
        ),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            metavar="TEXT",
            help="As momo:beta=0.9,lr=0.1|1|10, `|` makes a grid; may be repeated. Unless they are given, MoMo has "
            "no cap of its step size (lr = 1e30) and the problem's lower bound. \\[default: momo]",
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="K, the steps of each run.")] = 1000,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each problem and method.")] = 512,
    first_seed: Annotated[int, typer.Option(min=0, help="The seed of the first run.")] = 0,
    dtype: Annotated[str, typer.Option(help="float64 or float32.")] = "float64",
    processes: Annotated[int, typer.Option(min=1, help="Processes; the results do not depend on it.")] = 1,
    compiled: Annotated[
        bool,
        typer.Option("--compiled", help="Compile what can be (extra `fast`): other last digits, several times faster."),
    ] = False,
    details: Annotated[bool, typer.Option("--details", help="Show every certificate.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the problems and stop.")] = False,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", callback=writable_folder, help="Draw the rates into this folder, SVG and PNG."),
    ] = None,
    json_file: Json = None,
) -> None:
    """Measure how fast methods converge, and check MoMo's theory on every path, with confidence bounds.

    A rate holds where a bound or a certificate that constrains the outcome applies and is met. It is consistent where
    nothing but identities hold, which say nothing about the outcome. What each problem states is tried before the run.

    The last line counts the verdicts, and the exit status is

    0: no rate falls short, though there may be no bound that applies

    1: one is violated, diverges, grows or is undecided (raise --seeds)

    2: wrong usage, or a problem states something wrong
    """
    # Imported where they are used: SciPy's optimisers take a while to load.
    from momoracle.convergence import Ensemble, rates
    from momoracle.convergence.problems.problem_error import ProblemError
    from momoracle.convergence.problems.trial import try_problem
    from momoracle.convergence.rates_json import to_json
    from momoracle.convergence.rates_table import certificate_table, count_verdicts, remarks, summary_table
    from momoracle.convergence.run import NotSendableError, compiled_where_possible
    from momoracle.convergence.verdict import combine

    if listed:
        list_problems()
        raise typer.Exit
    try:
        ensembles = [
            compiled_where_possible(
                Ensemble(
                    problem,
                    method,
                    steps,
                    seeds=1 if problem.samples == 1 or problem.in_order else seeds,
                    first_seed=first_seed,
                    dtype=dtype,
                    watch=tuple(name for name in WATCHED if name in method.Trace._fields),
                    compiled=compiled,
                    label=text,
                )
            )
            for problem in choose_problems(problems)
            for text, method in make_methods(methods or ["momo"], problem)
        ]
        for ensemble in ensembles:  # all of them before any runs: what a long run found is not lost over a later one
            try_problem(ensemble.problem, ensemble.start_points)
    except (LookupError, TypeError, ValueError, ModuleNotFoundError) as error:
        raise typer.BadParameter(str(error)) from None
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    measured = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=sum(e.replicas * e.steps for e in ensembles))
        for ensemble in ensembles:
            bar.update(task, description=escape(ensemble.problem.name))
            try:
                measured += rates(ensemble, processes, done=lambda count: bar.advance(task, count), try_first=False)
            except (ProblemError, NotSendableError) as error:
                raise typer.BadParameter(str(error)) from None
    console.print(summary_table(measured, console.width))
    for rate in measured:
        if details:
            console.print(certificate_table(rate))
        for remark in remarks(rate):
            console.print(escape(remark), highlight=False, soft_wrap=True)
    if figures is not None:
        from momoracle.pages.rates_figures import draw  # brings matplotlib

        for path in draw(measured, figures):
            console.print(str(path), markup=False, highlight=False, soft_wrap=True)
    verdict = combine(rate.verdict for rate in measured)
    write_json(json_file, {"verdict": verdict, "rates": [to_json(rate) for rate in measured]})
    console.print(count_verdicts(measured), highlight=False, soft_wrap=True)
    if any(rate.verdict == "problem error" for rate in measured):
        raise typer.Exit(2)
    raise typer.Exit(1 if verdict in ("fails", "undecided") else 0)


def choose_problems(names: list[str] | None) -> list[Any]:
    """Return the problems that are named, or the default ones, without those whose data are not installed."""
    from momoracle.convergence.zoo import REAL_DATA, from_text

    if names:
        return [from_text(name) for name in names]
    missing = REAL_DATA if find_spec("sklearn") is None else ()
    if missing:
        line = f"left out: {', '.join(missing)}, which need scikit-learn: pip install 'momoracle[data]'"
        console.print(line, style="dim", markup=False, soft_wrap=True)
    return [from_text(name) for name in DEFAULT_PROBLEMS if name not in missing]


def make_methods(texts: list[str], problem: Any) -> list[tuple[str, Any]]:
    """Return the methods that are named, every point of a grid, with the text of each."""
    from momoracle.convergence.method_text import expand_grid, method_from_text

    return [(_without_folder(point), method_from_text(point, problem)) for text in texts for point in expand_grid(text)]


def _without_folder(text: str) -> str:
    """Return a method's text without the folder of its file: tables and JSON are the same on every machine."""
    file, suffix, rest = text.partition(".py:")
    return f"{Path(file).name}{suffix}{rest}" if suffix else text


def list_problems() -> None:
    """Print each problem's name, what it is, and the options that it takes with their defaults."""
    from momoracle.convergence.zoo import PROBLEMS

    for name, make in PROBLEMS.items():
        about = (make.__doc__ or "").partition("\n")[0].removeprefix("Return ").replace("``", "")
        for other, its_make in PROBLEMS.items():
            about = about.replace(f"`{its_make.__name__}`", other)
        defaults = {key: parameter.default for key, parameter in signature(make).parameters.items()}
        options = ", ".join(f"{key}={value}" for key, value in defaults.items() if isinstance(value, int | float))
        console.print(f"[bold]{name}[/bold]  {escape(about)} [dim]({options})[/]", highlight=False, soft_wrap=True)
