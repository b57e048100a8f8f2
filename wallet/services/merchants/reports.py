"""A merchant's days: what was paid, what it cost, what went back or out; and that this is what the balance did.

Every figure comes from the entries of the merchant's account, in the order of their versions, so that
opening + net - out = closing is proven for each day, or said not to hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.db.models import Sum
from django.utils import timezone

from core.actors import acting_as_service
from wallet.models import Entry, Merchant, MerchantPayment
from wallet.services.merchants import refunds, settling, takings

# Taxes that stand beside the fee.
TAXES = ("VAT", "STAMP_DUTY", "LEVY")
# What is taken out: to an owner's wallet, or to a bank. What a bank sent back stands among the corrections.
TAKEN_OUT = (settling.KIND, "WITHDRAWAL")
LONGEST = 366


@dataclass(frozen=True)
class Day:
    """One day of the account, in minor units. Amounts are positive but `other`, which is signed."""

    date: date
    payments: int
    gross: int
    fees: int
    taxes: int
    refunds: int
    settled: int
    other: int
    opening: int
    closing: int

    @property
    def net(self) -> int:
        return self.gross - self.fees - self.taxes - self.refunds

    @property
    def is_proven(self) -> bool:
        return self.opening + self.net - self.settled + self.other == self.closing


@dataclass(frozen=True)
class Report:
    """The days of a span on which anything moved, oldest first, and their sums."""

    since: date
    until: date
    days: Sequence[Day]
    total: Day
    # Paid at the merchant's own gateway, which no book of ours knows.
    elsewhere: int

    @property
    def is_proven(self) -> bool:
        follow = zip(self.days, self.days[1:], strict=False)
        return (
            self.total.is_proven
            and all(day.is_proven for day in self.days)
            and all(before.closing == after.opening for before, after in follow)
        )


def report(*, merchant: Merchant, since: date, until: date) -> Report:
    """Return the days from `since` to `until`, both included. The caller has asked whether this person may see it."""
    start, end = _start(since), _start(until + timedelta(days=1))
    with acting_as_service():
        entries = Entry.objects.filter(account=merchant.account_id).between(start, end).order_by("version")
        days = [_day(day, list(rows)) for day, rows in groupby(entries.iterator(), key=_date)]
        opening = days[0].opening if days else _balance_before(merchant, start)
        outside = merchant.payments.filter(at_own_gateway=True, paid_at__gte=start, paid_at__lt=end)
        elsewhere = outside.aggregate(total=Sum("amount"))["total"] or 0
    return Report(since, until, days, _total(days, since, opening), elsewhere)


def chart_of(*, merchant: Merchant, today: date, days: int = 14) -> list[tuple[date, int]]:
    """Return what was paid on each of the last days, in minor units, oldest first."""
    first = today - timedelta(days=days - 1)
    rows = MerchantPayment.objects.filter(merchant=merchant, paid_at__gte=_start(first))
    found: dict[date, int] = {first + timedelta(days=number): 0 for number in range(days)}
    for paid_at, amount in rows.values_list("paid_at", "amount"):
        day = timezone.localdate(paid_at)
        if day in found:
            found[day] += amount
    return list(found.items())


def _day(day: date, entries: list[Entry]) -> Day:
    known = {takings.KIND, "FEE", *TAXES, refunds.KIND, *TAKEN_OUT}
    first, last = entries[0], entries[-1]
    return Day(
        date=day,
        payments=sum(entry.kind == takings.KIND for entry in entries),
        gross=_sum(entries, takings.KIND),
        fees=-_sum(entries, "FEE"),
        taxes=-_sum(entries, *TAXES),
        refunds=-_sum(entries, refunds.KIND),
        settled=-_sum(entries, *TAKEN_OUT),
        other=sum(entry.change for entry in entries if entry.kind not in known),
        opening=(first.balance or 0) - first.change,
        closing=last.balance or 0,
    )


def _total(days: Sequence[Day], since: date, opening: int) -> Day:
    def added(name: str) -> int:
        return sum(getattr(day, name) for day in days)

    names = ("payments", "gross", "fees", "taxes", "refunds", "settled", "other")
    sums = {name: added(name) for name in names}
    return Day(date=since, opening=opening, closing=days[-1].closing if days else opening, **sums)


def _sum(entries: list[Entry], *kinds: str) -> int:
    return sum(entry.change for entry in entries if entry.kind in kinds)


def _balance_before(merchant: Merchant, moment: datetime) -> int:
    entries = Entry.objects.filter(account=merchant.account_id, recorded_at__lt=moment)
    return entries.order_by("-version").values_list("balance", flat=True).first() or 0


def _date(entry: Entry) -> date:
    return timezone.localdate(entry.recorded_at)


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def rows_of(found: Report) -> Iterator[Sequence[object]]:
    """Return a report as rows of a table of figures in naira, with its heading and its sums."""
    yield (
        "date",
        "payments",
        "gross",
        "fees",
        "taxes",
        "refunds",
        "net",
        "settled",
        "other",
        "opening",
        "closing",
    )
    for day in found.days:
        yield (day.date.isoformat(), *_figures(day))
    yield ("total", *_figures(found.total))


def _figures(day: Day) -> tuple[object, ...]:
    amounts = (
        *(day.gross, day.fees, day.taxes, day.refunds, day.net),
        *(day.settled, day.other, day.opening, day.closing),
    )
    return (day.payments, *map(_naira, amounts))


def _naira(amount: int) -> str:
    naira, kobo = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{naira}.{kobo:02}"
