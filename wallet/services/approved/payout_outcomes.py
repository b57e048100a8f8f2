"""What became of a payout that its gateway cannot tell, by two people: found as sent, or surely not sent."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.errors import DomainError
from core.templatetags.money import money
from wallet.gateways.capabilities import Transfer
from wallet.models import Payout
from wallet.services.payouts import settle_payout

CODE = "wallet.payout_outcome"
SENT, NOT_SENT = "SENT", "NOT_SENT"
# Before that it may still be on its way in, and a machine finds out by itself.
TOO_FRESH = timedelta(minutes=30)


class PayoutNotOpen(DomainError):
    code = "payout_not_open"
    kind = "conflict"
    message = _("This payout has an end already, or was ordered less than half an hour ago.")


class OutcomeUnclear(DomainError):
    code = "payout_outcome_unclear"
    message = _("Say whether it was sent, and by which reference of the gateway it was found.")


def target_of(payout_id: str) -> str:
    return f"payout:{payout_id}"


def _payout(payload: Payload) -> Payout:
    payout = Payout.objects.select_related("bank_account").filter(pk=UUID(payload["payout"])).first()
    waits = payout is not None and payout.state in (Payout.State.UNKNOWN, Payout.State.SENT)
    if payout is None or not waits or timezone.now() - (payout.ordered_at or payout.created_at) < TOO_FRESH:
        raise PayoutNotOpen
    return payout


def _check(payload: Payload) -> None:
    """Raises PayoutNotOpen, OutcomeUnclear."""
    _payout(payload)
    found_as = payload["gateway_transfer"].strip()
    if payload["outcome"] not in (SENT, NOT_SENT) or (payload["outcome"] == SENT and not found_as):
        raise OutcomeUnclear


def _version(payload: Payload) -> str:
    facts = Payout.objects.filter(pk=UUID(payload["payout"])).values_list("state", "orders").first()
    return "" if facts is None else f"{facts[0]} {facts[1]}"


def _describe(payload: Payload) -> Described:
    payout = _payout(payload)
    what = (
        _("Take it as sent, found as %(name)s") % {"name": payload["gateway_transfer"]}
        if payload["outcome"] == SENT
        else _("Take it as not sent: the customer has the money again")
    )
    return [
        (_("Payout"), payout.reference),
        (_("To"), str(payout.bank_account)),
        (_("Amount"), money(payout.amount, payout.currency_id)),
        (_("Set aside with its fee"), money(payout.total, payout.currency_id)),
        (_("What is decided"), what),
    ]


def _apply(payload: Payload, approval: Approval, at: datetime) -> None:
    """Settle it as if the gateway had said so."""
    payout = _payout(payload)
    sent = payload["outcome"] == SENT
    audit.record(
        action="wallet.withdrawal.decided",
        target=payout,
        actor_id=approval.decided_by_id,
        outcome=payload["outcome"],
        approval=str(approval.pk),
        reason=approval.reason,
        ticket=approval.ticket,
    )
    answer = Transfer(
        reference=payout.reference,
        state="SUCCEEDED" if sent else "FAILED",
        amount=payout.amount,
        currency=payout.currency_id,
        fee=None,
        gateway_id=payload["gateway_transfer"].strip()[:100],
        session_id="",
        reason="decided by staff",
        raw={},
    )
    settle_payout(payout_id=payout.pk, transfer=answer, at=at)


ACTION = ApprovalAction(
    code=CODE,
    label=_("Outcome of a payout"),
    propose="wallet.propose_payout_outcome",
    approve="wallet.approve_payout_outcome",
    check=_check,
    target_version=_version,
    describe=_describe,
    apply=_apply,
    amount=lambda payload: Payout.objects.values_list("amount", flat=True).get(pk=UUID(payload["payout"])),
)
