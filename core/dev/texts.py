"""The texts and pushes this machine would have sent: a line each in a file."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone


@dataclass(frozen=True)
class Text:
    """One short message, and the address it leads to, if any."""

    id: str
    channel: str
    to: str
    text: str
    href: str
    sent_at: datetime


def keep(*, id: str, channel: str, to: str, text: str, href: str) -> None:
    """Add a message to the file, whole even while others write to it too."""
    line = json.dumps(asdict(Text(id, channel, to, text, href, timezone.now())), default=str) + "\n"
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


def sent() -> list[Text]:
    """Return all messages, newest first."""
    try:
        lines = _path().read_text().splitlines()
    except FileNotFoundError:
        return []
    return [_read(line) for line in reversed(lines)]


def _read(line: str) -> Text:
    facts = json.loads(line)
    return Text(**{**facts, "sent_at": datetime.fromisoformat(facts["sent_at"])})


def _path() -> Path:
    return Path(settings.TEXTS_PATH)
