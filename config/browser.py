"""Finds a Chromium for the browser tests, installing Debian's when this process may; says loudly when there is none."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return the path of an installed Chromium; ALAJO_CHROMIUM names one that is elsewhere."""
    wanted = os.environ.get("ALAJO_CHROMIUM")
    return wanted or next((path for name in NAMES if (path := shutil.which(name))), None)


def ensure() -> str | None:
    """Find one, or install Debian's as root where apt-get is; return None when neither worked."""
    if find() is None and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests …", flush=True)
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
    return find()


if __name__ == "__main__":
    if ensure() is None:
        print("=" * 78, "No Chromium: the browser tests will NOT run.", "=" * 78, sep="\n", file=sys.stderr)
