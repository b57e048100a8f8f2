"""How a lender's money does: what can be lent, what is out, what came back, what is late.

Amounts are minor units (kobo). The caller has asked who may see.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncMonth

from core.actors import acting_as_service
from credit.models import Bid, Bucket, Loan, LoanModification, Payout, Provider, Share
from credit.states import State
from wallet.models import Account

# States of a loan whose money is out.
OUT = (State.ACTIVE, State.OVERPAID, State.CHARGED_OFF, State.WRITTEN_OFF)


@dataclass(frozen=True)
class Standing:
    """`available` may still be promised, `promised` is held by offers; `owed` is principal that is out."""

    available: int
    promised: int
    offers: int
    loans: int
    lent: int
    owed: int
    interest: int
    charges: int
    late_loans: int
    late: int

    @property
    def earned(self) -> int:
        return self.interest + self.charges


@dataclass(frozen=True)
class OfBucket:
    bucket: str
    label: str
    loans: int
    owed: int


@dataclass(frozen=True)
class Part:
    """What a lender lent of a loan, what of it is owed still, and what it earned."""

    lent: int
    owed: int
    interest: int
    charges: int


@dataclass(frozen=True)
class Month:
    """`modified` is what changes of what was agreed came to, below zero a loss; it moved no money."""

    first: date
    lent: int
    returned: int
    earned: int
    modified: int


def standing_of(provider: Provider) -> Standing:
    """Return how a lender's money does now."""
    with acting_as_service():
        account = Account.objects.get(pk=provider.account_id)
        payouts = Payout.objects.filter(share__provider=provider).aggregate(
            lent=Coalesce(Sum("principal", filter=Q(principal__lt=0)), 0),
            principal=Coalesce(Sum("principal"), 0),
            interest=Coalesce(Sum("interest"), 0),
            charges=Coalesce(Sum("charges"), 0),
        )
        running = loans_of(provider).filter(application__state__in=OUT)
        late = running.filter(position__due_since__isnull=False)
        return Standing(
            available=account.available,
            promised=account.held,
            offers=Bid.objects.filter(provider=provider, state=Bid.State.LIVE).count(),
            loans=running.count(),
            lent=-payouts["lent"],
            owed=-payouts["principal"],
            interest=payouts["interest"],
            charges=payouts["charges"],
            late_loans=late.count(),
            late=late.aggregate(
                sum=Coalesce(Sum(F("position__due_interest") + F("position__due_principal")), 0)
            )["sum"],
        )


def buckets_of(provider: Provider) -> list[OfBucket]:
    """Return loans and principal by how late they are, each bucket once, the best first."""
    with acting_as_service():
        rows = (
            loans_of(provider)
            .filter(application__state__in=OUT)
            .values("position__bucket")
            .annotate(loans=Count("pk"), owed=Coalesce(Sum("position__principal"), 0))
        )
        found = {row["position__bucket"]: (row["loans"], row["owed"]) for row in rows}
    return [OfBucket(one.value, str(one.label), *found.get(one.value, (0, 0))) for one in Bucket]


def months_of(provider: Provider, *, since: date) -> list[Month]:
    """Return what was lent, came back and was earned, and what changes came to, month by month."""
    with acting_as_service():
        paid = (
            Payout.objects.filter(share__provider=provider, transaction__on__gte=since)
            .annotate(month=TruncMonth("transaction__on"))
            .values("month")
            .annotate(
                lent=Coalesce(Sum("principal", filter=Q(principal__lt=0)), 0),
                returned=Coalesce(Sum("principal", filter=Q(principal__gt=0)), 0),
                earned=Coalesce(Sum(F("interest") + F("charges")), 0),
            )
        )
        found = {row["month"]: (-row["lent"], row["returned"], row["earned"]) for row in paid}
        changes = LoanModification.objects.filter(share__provider=provider, on__gte=since)
        by_month = changes.annotate(month=TruncMonth("on")).values_list("month")
        modified = dict(by_month.annotate(sum=Sum("gain")))
    months = sorted({*found, *modified})
    return [Month(month, *found.get(month, (0, 0, 0)), modified.get(month, 0)) for month in months]


def parts_of(provider: Provider, contracts: Iterable[UUID]) -> dict[UUID, Part]:
    """Return a lender's part in loans, by their contracts, in one query however many they are."""
    with acting_as_service():
        rows = (
            Payout.objects.filter(share__provider=provider, share__contract__in=list(contracts))
            .values("share__contract")
            .annotate(
                lent=Coalesce(Sum("principal", filter=Q(principal__lt=0)), 0),
                sum=Sum("principal"),
                interest=Sum("interest"),
                charges=Sum("charges"),
            )
        )
        return {
            row["share__contract"]: Part(-row["lent"], -row["sum"], row["interest"], row["charges"])
            for row in rows
        }


def loans_of(provider: Provider) -> QuerySet[Loan]:
    """The loans that a lender carries, or a part of them. Needs the service."""
    shares = Share.objects.filter(provider=provider).values("contract")
    return Loan.objects.filter(contract__in=shares).select_related("application", "position")
