"""Entries as rows of a page: each with a name, grouped by day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from wallet import services, wording
from wallet.models import Entry
from wallet.services.counterparties import Party, purposes_of
from wallet.services.merchants import refunds, settling, takings
from wallet.services.merchants.names import merchants_named
from wallet.services.transfers import TRANSFER

WITH_MERCHANTS = (takings.KIND, refunds.KIND, settling.KIND)


@dataclass(frozen=True)
class Row:
    """One entry: `party` is the person on the other side, `merchant` the name of one; neither where that is us.

    `saving` is what the saving that it belongs to is called.
    """

    entry: Entry
    party: Party | None
    merchant: str = ""
    saving: str = ""

    @property
    def title(self) -> str | Promise:
        return self.party.display_name if self.party else self.merchant or wording.kind(self.entry.kind)

    @property
    def note(self) -> str | Promise:
        if self.is_of_savings:
            return self.saving or self.entry.description
        if self.entry.kind == TRANSFER:
            return self.entry.description
        if self.merchant:
            return self.entry.description or wording.kind(self.entry.kind)
        return wording.kind(self.entry.kind) if self.party else wording.KIND_NOTES.get(self.entry.kind, "")

    @property
    def is_of_savings(self) -> bool:
        return self.entry.kind in wording.SAVINGS

    @property
    def other_side(self) -> str:
        """Whom it came from or went to, where that is no person."""
        if self.entry.kind in wording.OWN_MONEY:
            return _("Your saving “%(name)s”") % {"name": self.note}
        return "Alajo" if self.is_of_savings else self.merchant or _("Card or bank account")

    @property
    def direction(self) -> str:
        return "in" if self.entry.change > 0 else "out"

    @property
    def is_in(self) -> bool:
        return self.entry.change > 0

    @property
    def icon(self) -> str:
        if self.entry.reverses:
            return "undo-2"
        if self.is_of_savings:
            return "piggy-bank"
        if self.merchant:
            return "store"
        if self.party is None:
            return "landmark"
        return "arrow-down-left" if self.is_in else "arrow-up-right"


@dataclass(frozen=True)
class Day:
    """What happened on one day; `closing` is the balance (kobo) after it, None where a page cannot know."""

    date: date
    rows: Sequence[Row]
    closing: int | None


def rows_of(entries: Iterable[Entry]) -> list[Row]:
    """Name the other side of each entry, with one query for people and one for merchants, where there are any."""
    found = list(entries)
    others = {entry.counterparty_id for entry in found if entry.kind not in wording.OWN_MONEY}
    parties = services.parties_of(account_ids=others)
    shops = merchants_named(
        account_ids={entry.counterparty_id for entry in found if entry.kind in WITH_MERCHANTS}
    )
    of_savings = [entry for entry in found if entry.kind in wording.SAVINGS]
    named = purposes_of(account_ids={side for entry in of_savings for side in _sides(entry)})
    return [
        Row(
            entry,
            parties.get(entry.counterparty_id),
            shops.get(entry.counterparty_id, ""),
            next((named[side] for side in _sides(entry) if side in named), ""),
        )
        for entry in found
    ]


def _sides(entry: Entry) -> tuple[UUID, UUID]:
    return entry.account_id, entry.counterparty_id


def days_of(rows: Sequence[Row], *, complete: bool, from_newest: bool) -> list[Day]:
    """Group rows, newest first, by the day in the reader's zone.

    `complete` says that no row was filtered out, `from_newest` that nothing is newer than the first row.
    """
    days: list[Day] = []
    for day, group in groupby(rows, key=lambda row: timezone.localdate(row.entry.effective_at)):
        of_day = list(group)
        knows = complete and (from_newest or bool(days))
        days.append(Day(day, of_day, of_day[0].entry.balance if knows else None))
    return days
