"""Why a movement is there: everything in our records that made it, each with where staff can look at it.

Each area enters what it knows of (`sources.append`): a function from an entry to causes. A customer is told the
causes that are theirs, in plain words; staff are told all of them.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Model, Q
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval, AuditEvent
from core.actors import acting_as_service
from core.ids import uuid7_at
from wallet.fees import CREDITED
from wallet.models import (
    Account,
    Entry,
    FeeSchedule,
    Hold,
    Payment,
    Payout,
    Reversal,
    TierRule,
    Transaction,
    WebhookEvent,
)

EVENTS = 50
AROUND = timedelta(minutes=10)


@dataclass(frozen=True)
class Cause:
    """One reason: what it is, in words, and the row that says so. `private` ones are for staff alone."""

    label: str | Promise
    text: str
    row: Model | None = None
    private: bool = False


Source = Callable[[Entry], Iterator[Cause]]


def causes_of(*, entry: Entry, for_staff: bool) -> list[Cause]:
    """Return what led to an entry, in the order in which it happened. The caller may see the entry."""
    with acting_as_service():
        found = [cause for source in sources for cause in source(entry)]
    return [cause for cause in found if for_staff or not cause.private]


def _payment(entry: Entry) -> Iterator[Cause]:
    payments = Payment.objects.select_related("gateway").filter(posting_id=entry.posting_id)
    for payment in payments:
        yield Cause(_("Payment"), f"{payment.gateway.name} {payment.reference}", payment)
        events = WebhookEvent.objects.filter(gateway=payment.gateway_id, reference=payment.reference)
        for event in events.order_by("id")[:EVENTS]:
            yield Cause(
                _("Told by the gateway"), f"{event.event} {event.get_state_display()}", event, private=True
            )


def _payout(entry: Entry) -> Iterator[Cause]:
    for payout in Payout.objects.filter(
        Q(posting_id=entry.posting_id) | Q(return_posting_id=entry.posting_id)
    ):
        yield Cause(_("Withdrawal"), f"{payout.reference} {payout.get_state_display()}", payout)


def _posting(entry: Entry) -> Iterator[Cause]:
    if entry.reverses:
        yield Cause(_("Takes back"), str(entry.reverses), Transaction(pk=entry.reverses))
    reversal = Reversal.objects.filter(posting_id=entry.posting_id).first()
    if reversal:
        yield Cause(_("Taken back by"), str(reversal.reversed_by), Transaction(pk=reversal.reversed_by))
    for one in Transaction.objects.of_posting(entry.posting_id).exclude(pk=entry.pk):
        yield Cause(_("Same posting"), f"{one.kind} {one.pk}", one, private=True)


def _hold(entry: Entry) -> Iterator[Cause]:
    hold = Hold.objects.filter(pk=entry.hold_id).first() if entry.hold_id else None
    if hold:
        yield Cause(_("Set aside before"), hold.reason or str(hold.pk), hold)


def _rule(entry: Entry) -> Iterator[Cause]:
    """The rule of the owner's tier by which limits were asked on that day."""
    account = Account.objects.filter(pk=entry.account_id).select_related("owner__customer").first()
    customer = getattr(account.owner, "customer", None) if account and account.owner_id else None
    if account is None or customer is None:
        return
    day: date = localtime(entry.recorded_at).date()
    rules = TierRule.objects.filter(currency=account.currency_id, from_date__lte=day)
    rule = rules.filter(tier=customer.tier).order_by("-from_date").first()
    if rule:
        yield Cause(_("Rule of the tier"), f"{rule} ({rule.source})", rule, private=True)


def _fees(entry: Entry) -> Iterator[Cause]:
    """The schedules by which the charges of its posting were worked out."""
    kinds = set(Transaction.objects.of_posting(entry.posting_id).values_list("kind", flat=True))
    if kinds.isdisjoint(CREDITED):
        return
    day: date = localtime(entry.recorded_at).date()
    held = FeeSchedule.objects.in_force(on=day, currency=entry.currency).select_related("approval")
    for schedule in held.filter(kind__in=kinds).order_by("kind", "tier"):
        yield Cause(_("Fee schedule"), f"{schedule} ({schedule.source})", schedule, private=True)


def _approvals(entry: Entry) -> Iterator[Cause]:
    """Who of staff proposed it, and who else approved."""
    for approval in Approval.objects.filter(posting_id=entry.posting_id):
        yield Cause(_("Approved"), f"{approval.action} · {approval.state}", approval, private=True)


def _acts(entry: Entry) -> Iterator[Cause]:
    """What people and programs did: the lines of the audit trail that name the posting, its payment or its hold."""
    named = Q(
        target_type="wallet.transaction", target_id__in=[str(entry.posting_id), str(entry.transaction_id)]
    )
    if entry.hold_id:
        named |= Q(target_type="wallet.hold", target_id=str(entry.hold_id))
    # What is written on an account names the posting among its facts; it was written when the posting was recorded.
    sides = [str(entry.account_id), str(entry.counterparty_id)]
    named |= Q(
        target_type="wallet.account",
        target_id__in=sides,
        id__gte=uuid7_at(entry.recorded_at - AROUND),
        id__lt=uuid7_at(entry.recorded_at + AROUND),
        data__posting=str(entry.posting_id),
    )
    payment = Payment.objects.filter(posting_id=entry.posting_id).first()
    if payment:
        named |= Q(target_type="wallet.payment", target_id=str(payment.pk))
    for event in AuditEvent.objects.filter(named).order_by("id")[:EVENTS]:
        who = str(event.actor_id) if event.actor_id else event.actor_role
        yield Cause(_("Done"), f"{event.action} · {who} · {_brief(event.data)}", event, private=True)


def _brief(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False)[:200]


sources: list[Source] = [_payment, _payout, _hold, _posting, _rule, _fees, _approvals, _acts]
