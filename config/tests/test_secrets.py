"""The secrets of a development machine: made once, completed later, never lost, never another user's."""

import json
from pathlib import Path

import pytest

from config.settings.secrets import made_once


def test_they_are_made_once_for_everybody_who_asks_and_nobody_else_reads_them(tmp_path: Path) -> None:
    path = tmp_path / ".data" / "secrets.json"
    first = made_once(path)
    assert made_once(path) == first and len(set(first.values())) == len(first)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_a_later_version_needs_is_added_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"encryption_key": "old"}))
    known = made_once(path)
    assert known["encryption_key"] == "old" and known["secret_key"]
    assert made_once(path) == known
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_the_old_ones_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"encryption_key": "old"}))

    def full(file: Path, text: str) -> int:
        file.open("w").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        made_once(path)
    assert json.loads(path.read_text()) == {"encryption_key": "old"}
    assert list(tmp_path.iterdir()) == [path]


def test_those_of_another_user_are_told_about_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secrets.json"
    made_once(path)

    def closed(file: Path) -> str:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "read_text", closed)
    with pytest.raises(SystemExit, match="belongs to another user"):
        made_once(path)
