"""Money in and out by month and kind, and what a balance is made of: from statements and what came since.

A month that has its statement was summed up when that was made. What came since is at most a month and some days, and
is read by version; so neither page ever adds up a whole history.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Q, Sum

from wallet.models import Account, Entry, Statement
from wallet.services.archives import recalls
from wallet.services.statements.lines import LAGOS, end_of, start_of, versions_of
from wallet.wording import OWN_MONEY

MONTHS = 12
# Of an account whose months have no statements yet, so many entries back are grouped; what is before is one figure.
MOST = 20_000


@dataclass
class Sums:
    """Money in and out (kobo), and in how many movements."""

    money_in: int = 0
    money_out: int = 0
    count: int = 0

    @property
    def net(self) -> int:
        return self.money_in - self.money_out

    def add(self, money_in: int, money_out: int, count: int) -> None:
        self.money_in += money_in
        self.money_out += money_out
        self.count += count


@dataclass
class Month:
    """One month (Lagos) by kind; `is_known` is False where it lies in the archive and has no statement."""

    first_day: date
    kinds: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    is_known: bool = True

    @property
    def money_in(self) -> int:
        """What came from others; what came back from savings was the person's own before."""
        return sum(sums.money_in for kind, sums in self.kinds.items() if kind not in OWN_MONEY)

    @property
    def money_out(self) -> int:
        return sum(sums.money_out for kind, sums in self.kinds.items() if kind not in OWN_MONEY)

    @property
    def saved(self) -> int:
        """What went into savings, less what came back from them."""
        return -sum(sums.net for kind, sums in self.kinds.items() if kind in OWN_MONEY)

    @property
    def saved_size(self) -> int:
        return abs(self.saved)

    @property
    def has_savings(self) -> bool:
        return not OWN_MONEY.isdisjoint(self.kinds)

    @property
    def last_day(self) -> date:
        return next_month(self.first_day) - timedelta(days=1)


@dataclass(frozen=True)
class Explained:
    """A balance as a sum: what it was once, and what each kind changed since. `opening` + all nets = `balance`."""

    balance: int
    opening: int
    since: date | None
    kinds: dict[str, Sums]
    held: int
    version: int


def months_of(*, account: Account, on: date, count: int = MONTHS) -> list[Month]:
    """Return the last months up to the one that `on` is a day of, the oldest first."""
    first_days = [_back(on, number) for number in reversed(range(count))]
    made = Statement.objects.filter(account=account, monthly=True, since__in=first_days).ready()
    by_day = {one.since: one for one in made.only("since", "by_kind")}
    return [_month(account, day, by_day.get(day)) for day in first_days]


def month_of(*, account: Account, first_day: date) -> Month:
    made = Statement.objects.filter(account=account, monthly=True, since=first_day).ready().first()
    return _month(account, first_day, made)


def _month(account: Account, first_day: date, statement: Statement | None) -> Month:
    month = Month(first_day)
    if statement is not None:
        _add(month.kinds, [statement])
    elif account.opened_at < end_of(month.last_day):
        month.is_known = _read(account, month)
    return month


def _read(account: Account, month: Month) -> bool:
    """Sum up the entries of a month that has no statement; False where they lie in the archive."""
    since, until = start_of(month.first_day), end_of(month.last_day)
    if recalls.away(account=account).filter(first_at__lt=until, last_at__gte=since).exists():
        return False
    versions = versions_of(accounts=[account.pk], since=since, until=until)[account.pk]
    for kind, sums in _grouped(account, versions.first, versions.last).items():
        month.kinds[kind] = sums
    return True


def explain_balance(*, account: Account) -> Explained:
    """Return what makes up an account's balance: by kind since it began, or since its history is known by kind.

    Sums of months come from their statements; what came since the last one is read. Where months have no statement, the
    balance before the last of them stands as `opening`.
    """
    version, balance = account.version, account.balance
    kinds: dict[str, Sums] = defaultdict(Sums)
    statements = list(Statement.objects.filter(account=account, monthly=True).ready().order_by("-since"))
    unbroken: list[Statement] = []
    for one in statements:
        if unbroken and one.last_version != (unbroken[-1].first_version or 1) - 1:
            break
        unbroken.append(one)
    _add(kinds, unbroken)
    summed = (unbroken[0].last_version or 0) if unbroken else 0
    first = summed + 1
    if not unbroken:
        away = recalls.away(account=account).first()
        first = max(version - MOST + 1, (away.last_version if away else 0) + 1, 1)
    for kind, sums in _grouped(account, first, version).items():
        kinds[kind].add(sums.money_in, sums.money_out, sums.count)
    opening = balance - sum(sums.net for sums in kinds.values())
    since = None
    if unbroken and (unbroken[-1].first_version or 1) > 1:
        since = unbroken[-1].since
    elif not unbroken and first > 1:
        entry = Entry.objects.of(account).filter(version=first).first()
        since = entry.recorded_at.astimezone(LAGOS).date() if entry else None
    ordered = sorted(kinds.items(), key=lambda pair: -abs(pair[1].net))
    return Explained(balance, opening, since, dict(ordered), account.held, version)


def _grouped(account: Account, first: int, last: int) -> dict[str, Sums]:
    if last < first:
        return {}
    rows = (
        Entry.objects.filter(account_id=account.pk, version__gte=first, version__lte=last)
        .values("kind")
        .annotate(
            money_in=Sum("change", filter=Q(change__gt=0), default=0),
            signed_out=Sum("change", filter=Q(change__lt=0), default=0),
            count=Count("version"),
        )
        .order_by("kind")
    )
    return {row["kind"]: Sums(int(row["money_in"]), -int(row["signed_out"]), row["count"]) for row in rows}


def _add(kinds: dict[str, Sums], statements: Iterable[Statement]) -> None:
    for statement in statements:
        for kind, sums in statement.by_kind.items():
            kinds[kind].add(sums["in"], sums["out"], sums["count"])


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _back(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)
