"""The two sides of a difference as staff look at them, and what on the other side may belong to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from core.ids import nth
from wallet.models import Account, Break, GatewayRow, MatchingRule, Transaction


@dataclass(frozen=True)
class Side:
    """A posting as an account sees it: what it moved there, when, in which transactions."""

    posting_id: UUID
    change: int
    recorded_at: datetime
    transactions: tuple[Transaction, ...]

    @property
    def description(self) -> str:
        return self.transactions[0].description


def side_of(*, account: Account, posting_id: UUID) -> Side | None:
    """Return what a posting moved on an account; None where it has nothing to do with it."""
    try:
        last = nth(posting_id, 255)
    except ValueError:
        return None
    found = Transaction.objects.filter(pk__gte=posting_id, pk__lte=last)
    lines = list(found.filter(Q(debit_account=account) | Q(credit_account=account)).order_by("pk"))
    if not lines:
        return None
    sign = 1 if account.normal_side == "DEBIT" else -1
    change = sum(
        sign * (line.amount if line.debit_account_id == account.pk else -line.amount) for line in lines
    )
    return Side(posting_id, change, lines[0].recorded_at, tuple(lines))


@dataclass(frozen=True)
class Candidate:
    """What a lone row or posting may belong to, with the points it gets and for what."""

    other: GatewayRow | Side
    score: int
    parts: dict[str, int]

    @property
    def key(self) -> UUID:
        return self.other.pk if isinstance(self.other, GatewayRow) else self.other.posting_id

    @property
    def named(self) -> str:
        other = self.other
        return (other.reference or other.description) if isinstance(other, GatewayRow) else other.description

    @property
    def at(self) -> datetime:
        return self.other.at if isinstance(self.other, GatewayRow) else self.other.recorded_at


def candidates_of(*, found: Break, limit: int = 10) -> list[Candidate]:
    """Return what staff may match a difference with, the likeliest first: of the other side's lone ones."""
    account, rule = found.account, MatchingRule.objects.in_force(on=found.day)
    amount = found.gateway_amount if found.book_amount is None else found.book_amount
    others = Break.objects.unresolved().filter(account=account, currency=found.currency).exclude(pk=found.pk)
    if found.kind == Break.Kind.MISSING_IN_BOOKS:
        others = others.filter(kind=Break.Kind.MISSING_AT_GATEWAY)
    elif found.kind == Break.Kind.MISSING_AT_GATEWAY:
        others = others.filter(kind=Break.Kind.MISSING_IN_BOOKS)
    else:
        return []
    span = timedelta(days=rule.days)
    near = others.filter(happened_at__range=(found.happened_at - span, found.happened_at + span))
    equal = near.filter(Q(gateway_amount=amount) | Q(book_amount=amount))
    candidates = [_candidate(found, each, rule) for each in equal[:100]]
    return sorted((each for each in candidates if each), key=lambda each: -each.score)[:limit]


def _candidate(found: Break, other: Break, rule: MatchingRule) -> Candidate | None:
    lone_row, lone_side = (found, other) if found.book_amount is None else (other, found)
    row = GatewayRow.objects.filter(account=found.account, key=lone_row.key, nth=0).first()
    side = side_of(account=found.account, posting_id=lone_side.key)
    if row is None or side is None:
        return None
    apart = abs((row.at - side.recorded_at).total_seconds())
    alike = len(row.reference) >= 6 and row.reference.lower() in side.description.lower()
    parts = {
        "amount": rule.amount_points,
        "time": max(0, round(rule.time_points * (1 - apart / (rule.days * 86400)))),
        "text": rule.text_points if alike else 0,
    }
    return Candidate(row if other is lone_row else side, sum(parts.values()), parts)
