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
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval, AuditEvent
from core.actors import acting_as_service
from core.ids import uuid7_at
from core.templatetags.money import money
from wallet import wording
from wallet.fees import CREDITED, quote
from wallet.models import (
    Account,
    Dispute,
    Entry,
    FeeSchedule,
    Hold,
    MerchantPayment,
    Payment,
    Payout,
    Refund,
    Reversal,
    TierRule,
    Transaction,
    WebhookEvent,
)
from wallet.services.transfers import POSTED

EVENTS = 50
AROUND = timedelta(minutes=10)


@dataclass(frozen=True)
class Cause:
    """One reason: what it is, in words, and the row that says so. `private` ones are for staff alone.

    `href` is the page by which a customer sees it.
    """

    label: str | Promise
    text: str
    row: Model | None = None
    private: bool = False
    href: str = ""


Source = Callable[[Entry], Iterator[Cause]]


def causes_of(*, entry: Entry, for_staff: bool) -> list[Cause]:
    """Return what led to an entry, in the order in which it happened. The caller may see the entry."""
    with acting_as_service():
        found = [cause for source in sources for cause in source(entry)]
    return [cause for cause in found if for_staff or not cause.private]


def _payment(entry: Entry) -> Iterator[Cause]:
    payments = Payment.objects.select_related("gateway").filter(posting_id=entry.posting_id)
    for payment in payments:
        shown = reverse("payment", args=[payment.pk])
        yield Cause(_("Payment"), f"{payment.gateway.name} {payment.reference}", payment, href=shown)
        events = WebhookEvent.objects.filter(gateway=payment.gateway_id, reference=payment.reference)
        for event in events.order_by("id")[:EVENTS]:
            yield Cause(
                _("Told by the gateway"), f"{event.event} {event.get_state_display()}", event, private=True
            )
        for refund in Refund.objects.filter(payment=payment).order_by("id"):
            yield _of_refund(refund)
        for dispute in Dispute.objects.filter(payment=payment).order_by("id"):
            yield _of_dispute(dispute)


def _refund(entry: Entry) -> Iterator[Cause]:
    """The refund by which money went back, or by whose failing it returned, and who let it go."""
    for refund in Refund.objects.filter(_posted_by(entry)).order_by("id"):
        yield _of_refund(refund)
        by_two = Q(pk=refund.pk) | Q(target=f"refund:{refund.pk}", state=Approval.State.APPLIED)
        for approval in Approval.objects.filter(by_two).order_by("pk"):
            yield _of_approval(approval)


def _dispute(entry: Entry) -> Iterator[Cause]:
    for dispute in Dispute.objects.filter(_posted_by(entry)).order_by("id"):
        yield _of_dispute(dispute)


def _posted_by(entry: Entry) -> Q:
    named = [key for key in (entry.posting_id, entry.reverses) if key]
    return Q(posting_id__in=named) | Q(rest_posting_id__in=named)


def _of_refund(refund: Refund) -> Cause:
    text = f"{money(refund.amount, refund.currency_id)} {refund.get_state_display()}"
    return Cause(_("Refund"), text, refund, href=reverse("refund", args=[refund.pk]))


def _of_dispute(dispute: Dispute) -> Cause:
    text = f"{money(dispute.amount, dispute.currency_id)} {dispute.get_state_display()}"
    return Cause(_("Disputed payment"), text, dispute, href=reverse("dispute", args=[dispute.pk]))


def _of_approval(approval: Approval) -> Cause:
    return Cause(_("Approved"), f"{approval.action} · {approval.state}", approval, private=True)


def _payout(entry: Entry) -> Iterator[Cause]:
    for payout in Payout.objects.filter(
        Q(posting_id=entry.posting_id) | Q(return_posting_id=entry.posting_id)
    ):
        shown = reverse("withdrawal", args=[payout.pk])
        yield Cause(_("Withdrawal"), f"{payout.reference} {payout.get_state_display()}", payout, href=shown)


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
        yield Cause(_("Set aside before"), str(wording.hold(hold.reason)), hold)


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
    """The very schedule by which the charges of its posting were worked out, and its prices in words."""
    lines = list(Transaction.objects.of_posting(entry.posting_id).order_by("id"))
    charges = [line for line in lines if line.kind in CREDITED]
    if not charges:
        return
    noted = _noted_schedule(entry)
    schedule = FeeSchedule.objects.filter(pk=noted).first() if noted else _fitting_schedule(lines[0], charges)
    if schedule is None:
        return
    yield Cause(_("Fee schedule"), f"{schedule} ({schedule.source})", schedule, private=True)
    prices = "; ".join(wording.prices(schedule.tariff(), schedule.currency_id))
    yield Cause(
        _("Our prices since %(day)s") % {"day": date_format(schedule.from_date, "j F Y")}, prices, schedule
    )


def _noted_schedule(entry: Entry) -> int | None:
    """The schedule that was noted with what was asked for: a withdrawal, a sale, or a transfer in the trail."""
    payouts = Payout.objects.filter(Q(posting_id=entry.posting_id) | Q(return_posting_id=entry.posting_id))
    sales = MerchantPayment.objects.filter(posting_id=entry.posting_id)
    sent = AuditEvent.objects.filter(_on_accounts(entry), action=POSTED)
    noted = (
        payouts.values_list("fee_schedule", flat=True).first()
        or sales.values_list("quote__schedule", flat=True).first()
        or sent.values_list("data__fee_schedule", flat=True).first()
    )
    return int(noted) if noted else None


def _fitting_schedule(what: Transaction, charges: list[Transaction]) -> FeeSchedule | None:
    """Of those that held then, the one by which this costs exactly what was charged; a quote may be a day old."""
    charged = sorted((line.kind, line.amount) for line in charges)
    today: date = localtime(what.recorded_at).date()
    for day in (today, today - timedelta(days=1)):
        held = FeeSchedule.objects.in_force(on=day, currency=what.currency).filter(kind=what.kind)
        for schedule in held.order_by("tier"):
            quoted = quote(kind=what.kind, amount=what.amount, tariff=schedule.tariff())
            if sorted((line.kind, line.amount) for line in quoted.paid) == charged:
                return schedule
    return None


def _approvals(entry: Entry) -> Iterator[Cause]:
    """Who of staff proposed it, and who else approved."""
    for approval in Approval.objects.filter(posting_id=entry.posting_id):
        yield _of_approval(approval)


def _acts(entry: Entry) -> Iterator[Cause]:
    """What people and programs did: the lines of the audit trail that name the posting, its payment or its hold."""
    named = Q(
        target_type="wallet.transaction", target_id__in=[str(entry.posting_id), str(entry.transaction_id)]
    )
    if entry.hold_id:
        named |= Q(target_type="wallet.hold", target_id=str(entry.hold_id))
    named |= _on_accounts(entry)
    payment = Payment.objects.filter(posting_id=entry.posting_id).first()
    if payment:
        named |= Q(target_type="wallet.payment", target_id=str(payment.pk))
    for event in AuditEvent.objects.filter(named).order_by("id")[:EVENTS]:
        who = str(event.actor_id) if event.actor_id else event.actor_role
        yield Cause(_("Done"), f"{event.action} · {who} · {_brief(event.data)}", event, private=True)


def _on_accounts(entry: Entry) -> Q:
    """What is written on an account names the posting among its facts; it was written when that was recorded."""
    return Q(
        target_type="wallet.account",
        target_id__in=[str(entry.account_id), str(entry.counterparty_id)],
        id__gte=uuid7_at(entry.recorded_at - AROUND),
        id__lt=uuid7_at(entry.recorded_at + AROUND),
        data__posting=str(entry.posting_id),
    )


def _brief(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False)[:200]


sources: list[Source] = [
    _payment,
    _payout,
    _refund,
    _dispute,
    _hold,
    _posting,
    _rule,
    _fees,
    _approvals,
    _acts,
]
