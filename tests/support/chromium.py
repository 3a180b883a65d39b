"""A real browser for the tests: it opens a file, and gives the document that it made of it, or a picture."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def document(page: Path, folder: Path, query: str = "", milliseconds: int = 0) -> str:
    """Return the document after its scripts have run for some time of the page's own clock, as the browser writes it.

    The page may read other files, and can reach no host.
    """
    options = ["--dump-dom", "--allow-file-access-from-files", "--host-resolver-rules=MAP * ~NOTFOUND"]
    if milliseconds:
        options.append(f"--virtual-time-budget={milliseconds}")
    return _run(page.as_uri() + query, folder, *options).decode()


def picture(page: Path, folder: Path, width: int, height: int) -> Path:
    """Return a PNG of the page in a window of this size."""
    path = folder / f"{page.stem}-{width}.png"
    _run(page.as_uri(), folder, f"--window-size={width},{height}", f"--screenshot={path}")
    return path


def _run(address: str, folder: Path, *options: str) -> bytes:
    browser = found()
    assert browser is not None
    home = folder / "browser"  # empty before the first call: no settings of the user, and nothing left behind
    home.mkdir(exist_ok=True)
    command = [browser, *OPTIONS, f"--user-data-dir={home}", *options, address]
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    result = subprocess.run(command, capture_output=True, timeout=120, env=environment)
    assert result.returncode == 0, result.stderr.decode(errors="replace")[-2000:]
    return result.stdout
