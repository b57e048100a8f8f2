"""What holds from when to when: the dated rules of every app, on one page of the staff's.

staff_versions.register(_("Limits of tiers"), TierRule, versions)     # versions() -> Iterable[Version]
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.staff import EMPTY, Panel, link, list_of

COLUMNS = (_("What"), _("From"), _("Until"), _("Holds"), _("Says"))
NOT_YET, NOW, NO_LONGER = _("Not yet"), _("Now"), _("No longer")


@dataclass(frozen=True)
class Version:
    """One version of a rule: which rule, from which day to the last, and what it says."""

    name: str
    row: Model
    from_date: date
    last_date: date | None
    says: str

    def standing(self, on: date) -> str | Promise:
        if self.from_date > on:
            return NOT_YET
        return NO_LONGER if self.last_date and self.last_date < on else NOW


Versions = Callable[[], Iterable[Version]]
_registered: list[tuple[str | Promise, type[Model], Versions]] = []


def register(title: str | Promise, model: type[Model], versions: Versions) -> None:
    """Have an app's dated rules on the page, for who may view the rows of `model`."""
    _registered.append((title, model, versions))


def panels(*, on: date, sees: Callable[[type[Model]], bool]) -> list[Panel]:
    """Return a table for each sort of rule that the reader `sees`, the newest versions of each rule first."""
    return [
        Panel(title, COLUMNS, [_row(version, on) for version in versions()], list_of(model))
        for title, model, versions in _registered
        if sees(model)
    ]


def _row(version: Version, on: date) -> list[Any]:
    last = version.last_date.isoformat() if version.last_date else EMPTY
    return [
        link(version.row, version.name),
        version.from_date.isoformat(),
        last,
        version.standing(on),
        version.says,
    ]
