"""The commands; their exit statuses: 0 it holds, 1 it falls short, 2 wrong usage."""

from importlib.metadata import version
from typing import Annotated

import typer

from momoracle.commands.bench import bench_command
from momoracle.commands.check import check_command
from momoracle.commands.experiments import experiments_command
from momoracle.commands.figures import figures_command
from momoracle.commands.golden import vectors
from momoracle.commands.rates import rates_command
from momoracle.commands.sweep import sweep_command
from momoracle.commands.terminal import console
from momoracle.commands.verify import verify_command

app = typer.Typer(
    help="An oracle for momentum optimizers: is this port the paper's method, and if not, where does it part?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("verify")(verify_command)
app.command("check")(check_command)
app.command("figures")(figures_command)
app.command("rates")(rates_command)
app.command("sweep")(sweep_command)
app.command("experiments")(experiments_command)
app.command("bench")(bench_command)
app.add_typer(vectors, name="golden")


def _version(wanted: bool) -> None:
    if wanted:
        console.print(f"momoracle {version('momoracle')}", highlight=False)
        raise typer.Exit


@app.callback()
def momoracle(
    show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Offer the options of the whole program."""
