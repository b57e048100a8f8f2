"""What the sandbox bureaux have on file: the last digit of a BVN says what sort of file it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.cache import cache
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BUREAUX = ("meridian", "savanna")
DAY = timedelta(days=1)


class Fault(models.TextChoices):
    NONE = "", _("Nothing")
    DOWN = "down", _("Down: error 503")
    SLOW = "slow", _("Slower than we wait")
    CUT_OFF = "cut_off", _("Cut off half way")
    NONSENSE = "nonsense", _("Nonsense in place of an answer")
    SHAPE = "shape", _("JSON of another shape")
    SOMEBODY_ELSE = "somebody_else", _("The file of another person")


@dataclass(frozen=True)
class Loan:
    """One loan on file; amounts in kobo, `grade` from A (on time) to D (lost)."""

    lender: str
    opened: date
    grade: str
    owed: int
    monthly: int
    late_days: int


@dataclass(frozen=True)
class File:
    words: str | Promise
    loans: tuple[Loan, ...] = ()
    inquiries: int = 0
    known: bool = True


def files(on: date) -> Mapping[str, File]:
    """Return the sorts of files by the last digit; every other digit is a good one."""
    return {
        "0": File(_("Nobody of that number"), known=False),
        "1": File(_("A thin file: known, and no loan yet"), inquiries=1),
        "2": File(
            _("A loan in default"),
            (Loan("Kano Trust", on - 900 * DAY, "D", 18_000_000, 1_500_000, 210),),
            inquiries=6,
        ),
        "3": File(
            _("Behind with one of two loans"),
            (
                Loan("Kano Trust", on - 900 * DAY, "A", 4_000_000, 500_000, 0),
                Loan("Delta Credit", on - 200 * DAY, "B", 9_000_000, 900_000, 34),
            ),
            inquiries=3,
        ),
    }


def file_of(bvn: str, on: date) -> File:
    good = File(
        _("Paying on time"), (Loan("Kano Trust", on - 1500 * DAY, "A", 4_000_000, 500_000, 0),), inquiries=1
    )
    return files(on).get(bvn[-1:], good)


def fault_of(bureau: str) -> str:
    """What goes wrong with every search there, until another is chosen."""
    return str(cache.get(f"sandbox-bureau:{bureau}", ""))


def choose_fault(bureau: str, fault: str) -> None:
    cache.set(f"sandbox-bureau:{bureau}", fault, None)
