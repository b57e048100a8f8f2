"""What an account may still move today, for pages, the API and quotes. The ledger decides (wallet/sql/limits.sql)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import Customer
from wallet.models import Account, LimitCounter, TierRule
from wallet.refusals import DailySendingLimitExceeded, LimitExceeded, SingleAmountExceeded


@dataclass(frozen=True)
class Limits:
    """An account's limits at a moment, in minor units; None is no limit. `resets_at` is the next midnight in Lagos."""

    account_id: UUID
    currency: str
    tier: int
    sending: LimitCounter | None
    receiving: LimitCounter | None
    single_amount: int | None
    balance_cap: int | None
    balance: int

    @property
    def daily(self) -> list[LimitCounter]:
        return [counter for counter in (self.sending, self.receiving) if counter]

    @property
    def resets_at(self) -> datetime | None:
        return self.sending.resets_at if self.sending else None

    @property
    def left_today(self) -> int | None:
        """What one transfer may be at most now, as far as limits go."""
        bounds = [self.sending.left if self.sending else None, self.single_amount]
        known = [bound for bound in bounds if bound is not None]
        return min(known) if known else None

    def refusal_of_day(self, amount: int) -> LimitExceeded | None:
        """What would stop the sending of this amount in parts: the day's limit, and not that of one transfer."""
        return replace(self, single_amount=None).refusal_of(amount)

    def refusal_of(self, amount: int) -> LimitExceeded | None:
        """What the ledger would refuse the sending of this amount with; None when it would not."""
        if self.sending is None:
            return None
        facts: dict[str, Any] = {"amount": amount, "tier": self.tier, "currency": self.currency}
        facts["resets_at"] = self.sending.resets_at.isoformat()
        single, day = self.single_amount, self.sending
        if single is not None and amount > single:
            return SingleAmountExceeded(limit=single, used=0, available=single, **facts)
        if day.left is not None and amount > day.left:
            return DailySendingLimitExceeded(limit=day.limit, used=day.used, available=day.left, **facts)
        return None


def limits_of(*, account: Account, at: datetime) -> Limits:
    """Return what holds for an account now, by the rule of its owner's tier on that day; nothing for one of nobody."""
    tier = Customer.objects.filter(pk=account.owner_id).values_list("tier", flat=True).first() or 0
    rule = rules_on(currency=account.currency_id, at=at).get(tier) if account.owner_id else None
    counters = {row.kind: row for row in LimitCounter.objects.filter(account_id=account.pk)}
    return Limits(
        account_id=account.pk,
        currency=account.currency_id,
        tier=tier,
        sending=counters.get(LimitCounter.Kind.SENDING),
        receiving=counters.get(LimitCounter.Kind.RECEIVING),
        single_amount=rule.single_amount if rule else None,
        balance_cap=rule.balance_cap if rule else None,
        balance=account.balance,
    )


def rules_on(*, currency: str, at: datetime) -> dict[int, TierRule]:
    """Return the rule in force of each tier that has one, lowest tier first."""
    rules = TierRule.objects.in_force(currency=currency, on=timezone.localdate(at)).order_by("tier")
    return {rule.tier: rule for rule in rules}
