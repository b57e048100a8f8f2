"""The mails this machine has sent: files in development, the outbox in tests."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core import mail

SEPARATOR = b"-" * 79


class NoSuchMail(Exception):
    """No mail of that name was sent, or it has been cleared away."""


@dataclass(frozen=True)
class Mail:
    """One mail, as its reader sees it."""

    name: str
    subject: str
    sender: str
    to: str
    sent_at: datetime
    text: str
    html: str


def sent() -> list[Mail]:
    """Return all mails, newest first."""
    return sorted((_read(name, raw) for name, raw in _raw().items()), key=_when, reverse=True)


def find(*, name: str) -> Mail:
    """Return the mail of this name; raises NoSuchMail."""
    try:
        return _read(name, _raw()[name])
    except KeyError as error:
        raise NoSuchMail(name) from error


def _when(letter: Mail) -> tuple[datetime, str]:
    return letter.sent_at, letter.name


def _raw() -> dict[str, bytes]:
    """Every mail by a name that stays: its file, and its place where a file holds several."""
    if hasattr(mail, "outbox"):
        return {f"outbox-{place:06}": letter.message().as_bytes() for place, letter in enumerate(mail.outbox)}
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    return {
        f"{path.stem}-{place}": raw
        for path in (Path(folder).glob("*.log") if folder else ())
        for place, raw in enumerate(path.read_bytes().split(b"\n" + SEPARATOR + b"\n"))
        if raw.strip()
    }


def _read(name: str, raw: bytes) -> Mail:
    letter = message_from_bytes(raw.lstrip(), _class=EmailMessage, policy=policy.default)
    return Mail(
        name=name,
        subject=str(letter["subject"] or ""),
        sender=str(letter["from"] or ""),
        to=str(letter["to"] or ""),
        sent_at=parsedate_to_datetime(str(letter["date"])),
        text=_part(letter, "plain"),
        html=_part(letter, "html"),
    )


def _part(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""
