"""Do expensive work once a session, also when several worker processes of pytest need it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(target: Path) -> Iterator[bool]:
    """Hold the lock of a file and say whether the file is still to be made; others wait meanwhile."""
    with open(f"{target}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed
        yield not target.exists()
