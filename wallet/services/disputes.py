"""A payer asked their bank for the money of a charge back: held while it is decided, taken or given back afterwards.

What the account has not got is our exposure: it is posted to CHARGEBACKS when the money is taken. Our answer is stored
before the gateway is told, and told again until it has taken it.
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification, User
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id as new_posting_id
from core.outbound import require_no_transaction
from wallet.gateways.capabilities import Dispute as Said
from wallet.gateways.capabilities import Refunds
from wallet.models import Case, Dispute, Hold, Payment, PaymentGateway
from wallet.services import holds
from wallet.services.accounts import system_account
from wallet.services.gateways import adapter_of, clearing_of
from wallet.services.posting import Line, post
from wallet.services.referral_bonuses import posting_reversed
from wallet.services.refund_outcomes import BORNE_BY
from wallet.services.refunds import CannotRefund, purse_of

KIND, HELD_FOR = "CHARGEBACK", "dispute"
_State = Dispute.State


class DisputeAnswered(DomainError):
    code = "dispute_answered"
    kind = "conflict"
    message = _("This dispute was answered already, or is decided.")


class EvidenceNeeded(DomainError):
    code = "dispute_evidence_needed"
    message = _("Say why the payment was right: what was bought, when, and by whom.")


def record_dispute(*, gateway: PaymentGateway, said: Said, at: datetime) -> Dispute | None:
    """Note a dispute with what is there of its amount set aside, once, and book what it has come to.

    None where it is of no charge that we credited: there is nothing to hold.
    """
    with acting_as_service():
        payment = (
            Payment.objects.select_for_update(of=("self",))
            .select_related("account", "gateway")
            .filter(gateway=gateway, reference=said.reference)
            .first()
        )
        if payment is None or not payment.is_credited or said.currency != payment.currency_id:
            return None
        rows = Dispute.objects.select_for_update(of=("self",)).select_related("payment", "account", "gateway")
        dispute = rows.filter(gateway=gateway, gateway_dispute=said.gateway_id).first()
        if dispute is None:
            dispute = _open(payment, said, at=at)
        if said.due_at and said.due_at != dispute.due_at:
            dispute.due_at = said.due_at
            dispute.save(update_fields=["due_at"])
        if said.state != "OPEN" and dispute.is_open:
            return _resolve(dispute, said.state, at=at)
        return dispute


def note_reminder(*, dispute: Dispute, at: datetime) -> None:
    """The gateway waits for our answer: staff see the dispute first, and its case stands out."""
    with acting_as_service():
        Dispute.objects.filter(pk=dispute.pk, state=_State.OPEN).update(reminded_at=at)
        audit.record(action="wallet.dispute.reminded", target=dispute, alarm=not dispute.answer)


def answer_dispute(*, dispute_id: UUID, accept: bool, evidence: str, by: User, at: datetime) -> Dispute:
    """Store our answer to a dispute, once; `deliver_answer` tells the gateway afterwards.

    Raises DisputeAnswered, EvidenceNeeded.
    """
    with acting_as_service():
        dispute = Dispute.objects.select_for_update().get(pk=dispute_id)
        if not dispute.is_open or dispute.answer:
            raise DisputeAnswered
        if not accept and len(evidence.strip()) < 10:
            raise EvidenceNeeded
        dispute.answer = Dispute.Answer.ACCEPT if accept else Dispute.Answer.DECLINE
        dispute.evidence, dispute.answered_by, dispute.answered_at = evidence.strip()[:2000], by, at
        dispute.save(update_fields=["answer", "evidence", "answered_by", "answered_at"])
        audit.record(action="wallet.dispute.answered", target=dispute, answer=dispute.answer)
        return dispute


def deliver_answer(*, dispute_id: UUID, at: datetime) -> Dispute | None:
    """Tell the gateway an answer that it does not have yet. Calls outside; the same answer twice is one.

    Raises GatewayUnavailable, GatewayRefused: it is told again later.
    """
    require_no_transaction()
    with acting_as_service():
        dispute = Dispute.objects.select_related("gateway").get(pk=dispute_id)
        adapter = adapter_of(dispute.gateway)
    if not dispute.answer or dispute.delivered_at or not dispute.is_open:
        return dispute
    if not isinstance(adapter, Refunds):
        raise CannotRefund
    accept = dispute.answer == Dispute.Answer.ACCEPT
    said = adapter.answer_dispute(
        gateway_id=dispute.gateway_dispute,
        accept=accept,
        amount=dispute.amount if accept else 0,
        message=dispute.evidence,
    )
    with acting_as_service():
        Dispute.objects.filter(pk=dispute.pk, delivered_at=None).update(delivered_at=at)
        audit.record(action="wallet.dispute.answer_delivered", target=dispute)
    return record_dispute(gateway=dispute.gateway, said=said, at=at)


def undelivered() -> list[UUID]:
    """Disputes whose answer the gateway does not have yet, the most urgent first."""
    with acting_as_service():
        rows = Dispute.objects.open().exclude(answer="").filter(delivered_at=None)
        return list(rows.order_by("due_at", "id").values_list("pk", flat=True))


def _open(payment: Payment, said: Said, *, at: datetime) -> Dispute:
    account = purse_of(payment)
    dispute = Dispute(
        payment=payment,
        account=account,
        gateway=payment.gateway,
        gateway_dispute=said.gateway_id[:100],
        reference=payment.reference,
        amount=said.amount,
        currency_id=payment.currency_id,
        category=said.category[:60],
        due_at=said.due_at,
        opened_at=at,
    )
    dispute.held = holds.claim(
        hold_id=dispute.hold_id, account_id=account.pk, most=said.amount, least=0, reason=HELD_FOR
    )
    dispute.save(force_insert=True)
    audit.record(
        action="wallet.dispute.opened",
        target=dispute,
        amount=dispute.amount,
        held=dispute.held,
        exposure=dispute.shortfall,
    )
    facts = {
        "dispute": str(dispute.pk),
        "amount": dispute.amount,
        "held": dispute.held,
        "exposure": dispute.shortfall,
        "due_at": said.due_at.isoformat() if said.due_at else None,
        "category": said.category,
    }
    case, is_new = Case.objects.get_or_create(
        kind=Case.Kind.DISPUTE,
        reference=str(dispute.pk),
        defaults={"data": facts, "payment": payment},
    )
    if is_new:
        audit.record(action="wallet.case.opened", target=case, kind=case.kind, dispute=str(dispute.pk))
    _tell(dispute, "dispute.opened", amount=dispute.held)
    return dispute


def _resolve(dispute: Dispute, outcome: str, *, at: datetime) -> Dispute:
    """Give back what was held, or take it; what was not there is ours to bear."""
    if outcome == "WON":
        if dispute.held and Hold.objects.filter(pk=dispute.hold_id).open().exists():
            holds.release_hold(hold_id=dispute.hold_id)
        dispute.state = _State.WON
    else:
        _take(dispute)
        dispute.state = _State.LOST
        if dispute.amount == dispute.payment.amount:
            posting_reversed(reference=dispute.payment.posting_id, at=at)
    dispute.resolved_at = at
    dispute.save(update_fields=["state", "resolved_at", "posting_id", "rest_posting_id"])
    audit.record(
        action=f"wallet.dispute.{dispute.state.lower()}",
        target=dispute,
        taken=dispute.held if dispute.posting_id else 0,
        borne=dispute.shortfall if dispute.rest_posting_id else 0,
    )
    Case.objects.filter(kind=Case.Kind.DISPUTE, reference=str(dispute.pk)).update(state=Case.State.CLOSED)
    _tell(dispute, f"dispute.{dispute.state.lower()}", amount=dispute.held)
    return dispute


def _take(dispute: Dispute) -> None:
    clearing = clearing_of(dispute.gateway, dispute.currency_id)
    words = f"{dispute.gateway_id} {dispute.reference}"[:200]
    if dispute.held:
        dispute.posting_id = new_posting_id()
        holds.commit_hold(
            hold_id=dispute.hold_id,
            posting_id=dispute.posting_id,
            credit=clearing,
            amount=dispute.held,
            kind=KIND,
            description=words,
        )
    if dispute.shortfall:
        dispute.rest_posting_id = new_posting_id()
        borne = [Line(KIND, system_account(BORNE_BY, dispute.currency_id), clearing, dispute.shortfall)]
        post(posting_id=dispute.rest_posting_id, lines=borne, description=words)


def _tell(dispute: Dispute, event: str, *, amount: int) -> None:
    if dispute.account.owner_id is None:
        return
    facts = {
        "dispute": str(dispute.pk),
        "payment": str(dispute.payment_id),
        "amount": amount,
        "currency": dispute.currency_id,
    }
    accounts.notify(notices=[Notification(user_id=dispute.account.owner_id, event=event, data=facts)])
