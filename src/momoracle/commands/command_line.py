"""The command line: which commands there are. A command's module is imported only when that command runs.

Exit statuses of every command: 0 it holds, 1 it falls short, 2 wrong usage.
"""

import ast
from importlib import import_module
from importlib.metadata import version
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

#: each command, and the name of what implements it in the module ``momoracle.commands.COMMAND``; --help has this order
COMMANDS = {
    "verify": "verify_command",
    "check": "check_command",
    "figures": "figures_command",
    "rates": "rates_command",
    "sweep": "sweep_command",
    "experiments": "experiments_command",
    "bench": "bench_command",
    "golden": "vectors",
}


class LazyGroup(TyperGroup):
    """A group that knows its commands' names and help lines without importing them.

    Importing a command brings NumPy, SymPy and the rooms that it uses, about a second. ``--help`` needs none of them.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name) for name in COMMANDS}  # Typer suggests these for a misspelt name

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command with its help line, which is all that --help shows; it cannot run."""
        return TyperCommand(cmd_name, help=help_line(cmd_name)) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that the arguments name and return (name, command, its arguments)."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, None if command is None else _load(str(command.name)), rest


def _load(name: str) -> Any:
    """Import a command and build it as Typer does."""
    target = getattr(import_module(f"momoracle.commands.{name}"), COMMANDS[name])
    if isinstance(target, typer.Typer):
        command: Any = typer.main.get_group(target)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command(name)(target)
        command = typer.main.get_command(alone)
    command.name = name
    return command


def help_line(name: str) -> str:
    """Return the first paragraph of a command's help, read from its source so that nothing is imported.

    Raises:
        LookupError: the module of the command has neither the function nor the ``typer.Typer(help=...)`` that
            `COMMANDS` names.
    """
    tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=function) if function == COMMANDS[name]:
                text = ast.get_docstring(node) or ""
            case ast.Assign(targets=[ast.Name(id=variable)], value=ast.Call(keywords=words)) if (
                variable == COMMANDS[name]
            ):
                text = "".join(str(ast.literal_eval(word.value)) for word in words if word.arg == "help")
            case _:
                continue
        return cleandoc(text).split("\n\n")[0].replace("\n", " ")
    raise LookupError(f"commands/{name}.py defines no {COMMANDS[name]}; define it or correct COMMANDS")


app = typer.Typer(
    cls=LazyGroup,
    help="An oracle for momentum optimizers: is this port the paper's method, and if not, where does it part?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"momoracle {version('momoracle')}")
        raise typer.Exit


@app.callback()
def momoracle(
    show: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Offer the options of the whole program."""
