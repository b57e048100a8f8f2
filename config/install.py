"""Install packages with pip, and say how far it is. Run before anything is installed: the standard library only.

python -I config/install.py requirements.txt
"""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

SAY_AFTER = 2.0
PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]


class Progress:
    """What pip has told so far, in one line: rewritten on a terminal, added every few seconds elsewhere."""

    def __init__(self, out: TextIO, *, every: float = 5.0) -> None:
        self._out, self._every = out, 1.0 if out.isatty() else every
        self._began = self._said = time.monotonic()
        self._found: set[str] = set()
        self._installing = False
        self._shown = False

    def hear(self, line: str) -> None:
        word, _space, rest = line.strip().partition(" ")
        if word == "Collecting":
            self._found.add(rest.split(" ")[0])
        elif line.startswith("Installing collected packages"):
            self._installing = True

    def tick(self) -> None:
        """Say where we are, unless that was said a moment ago."""
        now = time.monotonic()
        if now - self._began < SAY_AFTER or (self._shown and now - self._said < self._every):
            return
        self._said, self._shown = now, True
        self._say(f"  {self.state}, {now - self._began:.0f} s", end="" if self._out.isatty() else "\n")

    def finish(self, how: str) -> None:
        self._say(f"  {how} {time.monotonic() - self._began:.0f} s", end="\n")

    @property
    def state(self) -> str:
        """What pip is doing."""
        if self._installing:
            return f"installing {len(self._found)} packages"
        return f"{len(self._found)} packages found so far" if self._found else "asking for packages"

    def _say(self, text: str, *, end: str) -> None:
        terminal = self._out.isatty()
        self._out.write(("\r\x1b[K" if terminal else "") + text + end)
        self._out.flush()


def follow(command: Sequence[str], progress: Progress, *, tick: float = 0.25) -> tuple[int, str]:
    """Run pip to its end; return its status and everything it said."""
    said: list[str] = []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = process.stdout
    assert output

    def listen() -> None:
        for line in output:
            said.append(line)
            progress.hear(line)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        while listener.is_alive():
            listener.join(tick)
            if listener.is_alive():
                progress.tick()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    return process.wait(), "".join(said)


def main(*files: str) -> int:
    progress = Progress(sys.stdout)
    wanted = [part for file in files for part in ("--requirement", str(Path(file)))]
    try:
        status, said = follow([*PIP, "--progress-bar", "off", *wanted], progress)
    except KeyboardInterrupt:
        print("\nInterrupted: what is missing is installed the next time.", file=sys.stderr)
        return 130
    progress.finish("stopped after" if status else "done in")
    if status:
        print(said, file=sys.stderr)
        print("The packages could not be installed; pip says why above.", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
