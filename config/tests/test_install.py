"""Installing says how far it is, on a terminal and in a file, and why it failed."""

import io
import sys

import pytest

from config import install

PIP = """
import sys, time
for name in ("django==5.2", "celery==5.4"):
    print(f"Collecting {name} (from -r requirements.txt (line 1))", flush=True)
    print("  Downloading it", flush=True)
print("Collecting django==5.2 (from celery)", flush=True)
print("Installing collected packages: celery, django", flush=True)
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "SAY_AFTER", 0.0)


def test_what_pip_says_is_counted() -> None:
    progress = install.Progress(io.StringIO())
    assert progress.state == "asking for packages"
    progress.hear("Collecting one>=1 (from x)\n")
    progress.hear("Collecting two (from x)\n")
    progress.hear("Collecting two (from y)\n")
    assert progress.state == "2 packages found so far"
    progress.hear("Installing collected packages: one, two\n")
    assert progress.state == "installing 2 packages"


@pytest.mark.parametrize(("out", "first"), [(io.StringIO, "  "), (Terminal, "\r\x1b[K  ")])
def test_a_line_in_a_file_is_added_and_on_a_terminal_rewritten(out: type[io.StringIO], first: str) -> None:
    told = out()
    progress = install.Progress(told)
    progress.tick()
    progress.tick()
    progress.finish("done in")
    text = told.getvalue()
    assert text.startswith(f"{first}asking for packages, 0 s")
    assert text.count("asking") == 1 and text.endswith("done in 0 s\n")


def test_it_follows_a_real_process_to_its_end() -> None:
    progress = install.Progress(io.StringIO())
    status, said = install.follow([sys.executable, "-c", PIP], progress)
    assert (status, progress.state) == (0, "installing 2 packages")
    assert "Downloading it" in said


def test_a_failure_is_told_with_pips_own_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = "import sys; print('ERROR: No matching distribution'); sys.exit(1)"
    monkeypatch.setattr(install, "PIP", [sys.executable, "-c", broken])
    assert install.main("requirements.txt") == 1
    told = capsys.readouterr()
    assert "No matching distribution" in told.err and "stopped after" in told.out
