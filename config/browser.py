"""Finds a Chromium for the browser tests, installing Debian's when this process may; says loudly when there is none."""

import os
import shutil
import subprocess
import sys

# The one without a window first: it asks a third less of the processor for the same pages.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return the path of an installed Chromium; ALAJO_CHROMIUM names one that is elsewhere."""
    wanted = os.environ.get("ALAJO_CHROMIUM")
    return wanted or next((path for name in NAMES if (path := shutil.which(name))), None)


def ensure() -> str | None:
    """Find one, or install Debian's as root where apt-get is; return None when neither worked."""
    found = find()
    could_be_better = found is None or (found.endswith("chromium") and "ALAJO_CHROMIUM" not in os.environ)
    if could_be_better and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests …", flush=True)
        _run("update")
        _run("install", "-y", NAMES[0]) or _run("install", "-y", "chromium")
    return find()


def _run(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = subprocess.run(
        ["apt-get", "-qq", *command], check=False, env=environment, stdout=subprocess.DEVNULL
    )
    return quiet.returncode == 0


if __name__ == "__main__":
    if ensure() is None:
        print("=" * 78, "No Chromium: the browser tests will NOT run.", "=" * 78, sep="\n", file=sys.stderr)
