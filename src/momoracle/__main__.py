"""The command line: ``momoracle`` and ``python -m momoracle``."""

from momoracle.command_line import app


def main() -> None:
    """Run the command line."""
    app(prog_name="momoracle")


if __name__ == "__main__":
    main()
