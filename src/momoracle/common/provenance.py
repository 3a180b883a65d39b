"""Say which momoracle computed a result, when, and on what machine."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version


def describe_run() -> dict[str, str]:
    """Return momoracle's version, the date, and the machine without its name."""
    cores = os.cpu_count()
    return {
        "momoracle": version("momoracle"),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.release()}, {platform.machine()}, {cores} processors",
    }
