"""Money of a charge back to who paid it: set aside, ordered at the gateway, and posted when it says that it was paid.

A refund is stored and its money held before the gateway is asked. The gateway knows no name of ours for it, so an order
that had no answer is never repeated by a machine: it is looked for among what the gateway shows, and where it is not
found a person decides. What the gateway says afterwards is booked in `refund_outcomes`.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from core.outbound import require_no_transaction
from wallet.gateways.base import GatewayRefused, GatewayUnavailable
from wallet.gateways.capabilities import Refunds
from wallet.models import Account, Dispute, Payment, PaymentGateway, Refund, SuspendedDeposit
from wallet.services import holds
from wallet.services.gateways import adapter_of
from wallet.services.merchants import takings
from wallet.services.refund_outcomes import HELD_FOR, give_back, look_for, settle_refund

_State = Refund.State
# When to ask next after an order, and again: each time later.
CHECKS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720, 1440))


class NotRefundable(DomainError):
    code = "payment_not_refundable"
    kind = "conflict"
    message = _("Only a payment that was received can be paid back.")


class RefundTooLarge(DomainError):
    """`data["left"]` is how much of the payment was not paid back yet."""

    code = "refund_too_large"
    message = _("This is more than is left of the payment.")
    public = ("left",)


class RefundUnderWay(DomainError):
    code = "refund_under_way"
    kind = "conflict"
    message = _("A refund of this payment is under way. Wait until it is settled.")


class RefundIdReused(DomainError):
    code = "refund_id_reused"
    kind = "conflict"
    message = _("This refund was already asked for with other details.")


class CannotRefund(DomainError):
    code = "gateway_cannot_refund"
    kind = "conflict"
    message = _("This payment service takes no refunds by us. Pay the money out to a bank account instead.")


class RefundDecided(DomainError):
    code = "refund_decided"
    kind = "conflict"
    message = _("This refund is no longer without an answer.")


def left_to_refund(payment: Payment) -> int:
    """How much (kobo) of a payment is not paid back, nor on its way back, nor disputed."""
    rows = Refund.objects.filter(gateway=payment.gateway_id, reference=payment.reference)
    back = rows.exclude(state=_State.FAILED).aggregate(sum=Sum("amount", default=0))["sum"]
    disputed = Dispute.objects.filter(payment=payment).exclude(state=Dispute.State.WON)
    left: int = payment.amount - back - disputed.aggregate(sum=Sum("amount", default=0))["sum"]
    return max(0, left)


def request_refund(
    *,
    payment: Payment,
    amount: int,
    reason: str,
    at: datetime,
    by: User | None = None,
    note: str = "",
    refund_id: UUID | None = None,
    asked: bool = False,
    waits: bool = False,
) -> Refund:
    """Set `amount` (kobo) of a received payment aside to be paid back; `order_refund` orders it afterwards.

    A repeat under the same id returns the first. One that is `asked` for by the owner needs an account that is
    free to send, which one that staff order does not; one that `waits` is ordered only when it is let go.
    Raises NotRefundable, RefundTooLarge, RefundUnderWay, RefundIdReused, CannotRefund, InsufficientFunds where the
    account has not got it any more, and of one that is asked for why the account may not send.
    """
    with acting_as_service():
        payment = (
            Payment.objects.select_for_update(of=("self",))
            .select_related("gateway", "account")
            .get(pk=payment.pk)
        )
        takings.sold_by(payment)
        known = Refund.objects.filter(pk=refund_id).first() if refund_id else None
        if known is not None:
            if (known.payment_id, known.amount) != (payment.pk, amount):
                raise RefundIdReused
            return known
        check_refund(payment=payment, amount=amount)
        refund = Refund(
            pk=refund_id or uuid7(),
            account=purse_of(payment),
            payment=payment,
            gateway=payment.gateway,
            reference=payment.reference,
            amount=amount,
            currency_id=payment.currency_id,
            reason=reason[:500],
            note=note[:140],
            requested_by=by,
            created_at=at,
            state=_State.ASKED if waits else _State.HELD,
            next_check_at=None if waits else at,
        )
        _set_aside(refund, asked=asked)
        refund.save(force_insert=True)
        takings.follow_refund(refund)
        audit.record(action="wallet.refund.requested", target=refund, amount=amount, payment=str(payment.pk))
        return refund


def _set_aside(refund: Refund, *, asked: bool) -> None:
    facts: dict[str, Any] = {
        "hold_id": refund.hold_id,
        "account_id": refund.account_id,
        "reason": HELD_FOR,
    }
    if asked:
        # It goes back to where it came from, so it counts towards no limit.
        holds.place_hold(amount=refund.amount, expires_at=None, counted=0, **facts)
    else:
        holds.claim(most=refund.amount, least=refund.amount, **facts)


def check_refund(*, payment: Payment, amount: int) -> None:
    """Check that this much of a payment can be paid back.

    Raises NotRefundable, CannotRefund, RefundUnderWay, RefundTooLarge.
    """
    if not payment.is_credited or takings.paid_elsewhere(payment):
        raise NotRefundable
    if not isinstance(adapter_of(payment.gateway), Refunds):
        raise CannotRefund
    same = Refund.objects.filter(gateway=payment.gateway_id, reference=payment.reference)
    if same.filter(state__in=Refund.UNNAMED_STATES).exists():
        raise RefundUnderWay
    left = left_to_refund(payment)
    if not 0 < amount <= left:
        raise RefundTooLarge(left=left)


def purse_of(payment: Payment) -> Account:
    """The account that has a payment's money: the wallet, or what is kept until an upgrade."""
    if payment.state != Payment.State.HELD:
        return payment.account
    return Account.objects.get(
        owner=payment.account.owner_id, kind=Account.Kind.HELD, currency=payment.currency_id
    )


def return_deposit(*, deposit_id: UUID, reason: str, at: datetime, by: User) -> Refund:
    """Have a suspended deposit sent back to who paid it; `order_refund` orders it afterwards.

    Raises NotRefundable for one that was dealt with or never posted, CannotRefund.
    """
    with acting_as_service():
        rows = SuspendedDeposit.objects.select_for_update(of=("self",)).select_related("gateway")
        deposit = rows.get(pk=deposit_id)
        if deposit.state != SuspendedDeposit.State.OPEN or not deposit.is_posted:
            raise NotRefundable
        if not isinstance(adapter_of(deposit.gateway), Refunds):
            raise CannotRefund
        refund = Refund.objects.create(
            account=Account.objects.get(code="SUSPENSE", currency=deposit.currency_code, owner=None),
            suspended=deposit,
            gateway=deposit.gateway,
            reference=deposit.reference,
            amount=deposit.amount,
            currency_id=deposit.currency_code,
            reason=reason[:500],
            requested_by=by,
            created_at=at,
            next_check_at=at,
        )
        deposit.state, deposit.resolved_by, deposit.note = SuspendedDeposit.State.RETURNING, by, reason[:500]
        deposit.save(update_fields=["state", "resolved_by", "note"])
        audit.record(action="wallet.deposit.returning", target=deposit, amount=deposit.amount, reason=reason)
        return refund


def order_refund(*, refund_id: UUID, at: datetime) -> Refund:
    """Order a refund that waits to be sent, once; one that was ordered is returned as it stands. Calls outside.

    Until the answer is there it counts as unknown. Raises nothing for what the gateway says: that is written down.
    """
    require_no_transaction()
    with acting_as_service():
        mine = Refund.objects.filter(pk=refund_id, state=_State.HELD)
        first = bool(mine.update(state=_State.UNKNOWN, ordered_at=at, checks=1, next_check_at=at + CHECKS[0]))
        refund = Refund.objects.select_related("gateway", "payment__account").get(pk=refund_id)
        if not first:
            return refund
        takings.follow_refund(refund)
        audit.record(action="wallet.refund.ordered", target=refund, amount=refund.amount)
        adapter = _adapter(refund.gateway)
    try:
        said = adapter.refund(
            reference=refund.reference, amount=refund.amount, currency=refund.currency_id, note=refund.note
        )
    except GatewayUnavailable:
        return refund
    except GatewayRefused as error:
        return give_back(refund_id=refund_id, reason=str(error.data.get("said") or error), at=at)
    return settle_refund(refund_id=refund_id, said=said, at=at)


def check_refunds(*, gateway: PaymentGateway, reference: str, at: datetime) -> list[Refund]:
    """Ask what became of the refunds of a charge, and book it, those too that we did not order. Calls outside.

    Raises GatewayUnavailable, GatewayRefused.
    """
    require_no_transaction()
    with acting_as_service():
        adapter = _adapter(gateway)
    shown = adapter.refunds_of(reference=reference)
    return look_for(gateway=gateway, reference=reference, shown=shown, at=at)


def take_due_refund(*, at: datetime) -> Refund | None:
    """Pick the refund most overdue to be ordered or asked about, and put it off for the next."""
    with acting_as_service():
        due = (
            Refund.objects.due(at).select_for_update(skip_locked=True, of=("self",)).select_related("gateway")
        )
        refund = due.order_by("next_check_at").first()
        if refund is None:
            return None
        refund.next_check_at = at + CHECKS[min(refund.checks, len(CHECKS) - 1)]
        refund.checks = min(refund.checks + 1, 2**15 - 1)
        refund.save(update_fields=["next_check_at", "checks"])
        return refund


def order_again(*, refund_id: UUID, by: User, reason: str) -> None:
    """A person has seen at the gateway that a refund without an answer was never taken: it may be ordered once more.

    Raises RefundDecided.
    """
    with acting_as_service():
        refund = _unanswered(refund_id)
        refund.state = _State.HELD
        refund.save(update_fields=["state"])
        takings.follow_refund(refund)
        audit.record(action="wallet.refund.ordered_again", target=refund, reason=reason, by=str(by.pk))


def call_off(*, refund_id: UUID, by: User, reason: str, at: datetime) -> Refund:
    """A person has seen at the gateway that a refund without an answer was never taken: its money is given back.

    Raises RefundDecided.
    """
    with acting_as_service():
        _unanswered(refund_id)
        audit.record(
            action="wallet.refund.called_off", target=Refund(pk=refund_id), reason=reason, by=str(by.pk)
        )
        return give_back(refund_id=refund_id, reason="called off", at=at)


def _unanswered(refund_id: UUID) -> Refund:
    refund = (
        Refund.objects.select_for_update(of=("self",)).select_related("payment__account").get(pk=refund_id)
    )
    if refund.state != _State.UNKNOWN or refund.gateway_refund:
        raise RefundDecided
    return refund


def _adapter(gateway: PaymentGateway) -> Refunds:
    adapter = adapter_of(gateway)
    if not isinstance(adapter, Refunds):
        raise CannotRefund
    return adapter
