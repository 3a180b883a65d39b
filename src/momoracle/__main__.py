"""The command line: ``momoracle`` and ``python -m momoracle``."""

import errno
import os
import sys

_NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main() -> None:
    """Run the command line; where the device that it writes to takes no more, say so in one line, with status 1."""
    from momoracle.commands.command_line import (
        app,  # here: the processes that a command starts import this module again
    )

    try:
        try:
            app(prog_name="momoracle")
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in _NOT_WRITTEN:
            raise
        where = f" {error.filename}" if error.filename else ""
        print(f"momoracle: what was found could not be written{where}: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in its buffer goes there
        sys.exit(1)


if __name__ == "__main__":
    main()
