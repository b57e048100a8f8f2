"""Installs the JavaScript client that tests drive, where there is a Node: `python -m config.javascript`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "2.109.0"
FOLDER = Path(__file__).resolve().parent.parent / ".data/clients"
COMMAND = ["install", "--ignore-scripts", "--prefix", str(FOLDER), f"@supabase/supabase-js@{VERSION}"]
_QUIETLY = ["--silent", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=20000"]
_SECONDS = 120


def installed() -> str | None:
    """The version that is there."""
    package = FOLDER / "node_modules/@supabase/supabase-js/package.json"
    return json.loads(package.read_text())["version"] if package.exists() else None


def install() -> None:
    """Install it unless it is there. Where that cannot be done the tests that want it say so."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None or installed() == VERSION:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run([npm, *COMMAND, *_QUIETLY], check=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"supabase-js could not be installed ({error}); its tests are skipped.", file=sys.stderr)


if __name__ == "__main__":
    install()
