"""How the sandbox bureaux take a monthly file: they count it themselves, and take one for a month once."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from io import StringIO

from django.core.cache import cache
from django.db import models
from django.utils.translation import gettext_lazy as _

KEPT = 400 * 24 * 3600  # seconds for which they know what they took
SUMMED = (9, 10, 11)  # where lent, balance and overdue stand in a line


class FileFault(models.TextChoices):
    NONE = "", _("Nothing")
    DOWN = "down", _("Down: error 503")
    LOST = "lost", _("Takes it, and cuts off before the receipt")
    GARBLED = "garbled", _("A line is lost on the way")


class FileRefused(Exception):
    """`code` is what a bureau says of it: HASH, TOTALS, SHAPE, BUREAU, KEY_REUSED, MONTH_TAKEN."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Receipt:
    number: str
    sha256: str
    rows: int


def take(bureau: str, content: bytes, *, key: str, told: str) -> Receipt:
    """Take a file whose hash is said to be `told`; the same one again has the same receipt. Raises FileRefused."""
    digest = sha256(content).hexdigest()
    if digest != told:
        raise FileRefused("HASH")
    month, rows = _counted(bureau, content, key)
    mine = Receipt(f"{bureau[:1].upper()}-{month}-{digest[:10]}", digest, rows)
    # One key for a month, one file for a key: whoever comes first.
    cache.add(f"sandbox-bureau-file:{bureau}:{month}", key, KEPT)
    if cache.get(f"sandbox-bureau-file:{bureau}:{month}") != key:
        raise FileRefused("MONTH_TAKEN")
    cache.add(f"sandbox-bureau-key:{bureau}:{key}", digest, KEPT)
    if cache.get(f"sandbox-bureau-key:{bureau}:{key}") != digest:
        raise FileRefused("KEY_REUSED")
    return mine


def _counted(bureau: str, content: bytes, key: str) -> tuple[str, int]:
    """Return the month and how many lines it has, once the control totals agree. Raises FileRefused."""
    try:
        body, _line, tail = content.decode().rstrip("\n").rpartition("\n")
        head, *lines = list(csv.reader(StringIO(body)))
        kind, rows, corrections, lent, balance, overdue, digest = tail.split(",")
    except ValueError:
        raise FileRefused("SHAPE") from None
    if kind != "T" or head[:3] != ["H", "ALAJO-1", "ALAJO"] or any(line[:1] != ["D"] for line in lines):
        raise FileRefused("SHAPE")
    if head[3] != bureau or head[5] != key:
        raise FileRefused("BUREAU")
    sums = [f"{sum((Decimal(line[place]) for line in lines), Decimal(0)):.2f}" for place in SUMMED]
    counted = (str(len(lines)), str(sum(line[3] == "C" for line in lines)), *sums)
    if counted != (rows, corrections, lent, balance, overdue) or digest != _hash(body):
        raise FileRefused("TOTALS")
    return head[4], len(lines)


def _hash(body: str) -> str:
    return sha256(f"{body}\n".encode()).hexdigest()


def without_a_line(content: bytes) -> bytes:
    """The file as it arrives where its first line of a loan is lost on the way."""
    lines = content.split(b"\n")
    return b"\n".join(lines[:1] + lines[2:])


def file_fault_of(bureau: str) -> str:
    return str(cache.get(f"sandbox-bureau-files:{bureau}", ""))


def choose_file_fault(bureau: str, fault: str) -> None:
    cache.set(f"sandbox-bureau-files:{bureau}", fault, None)
