"""What became of a refund, as the gateway says it: booked under the refund's row lock, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification
from core.actors import acting_as_service
from core.ids import posting_id as new_posting_id
from core.ids import uuid7
from wallet.gateways.capabilities import Refund as Said
from wallet.models import Account, Case, Hold, Payment, PaymentGateway, Refund, SuspendedDeposit
from wallet.services import holds
from wallet.services.accounts import system_account
from wallet.services.gateways import clearing_of
from wallet.services.merchants import takings
from wallet.services.posting import Line, post, reverse
from wallet.services.referral_bonuses import posting_reversed
from wallet.services.suspense import close_cases

KIND, BORNE_BY = "REFUND", "CHARGEBACKS"
# What a hold says it is for.
HELD_FOR = "refund"
# A refund without an answer for so long is a case for staff.
PATIENCE = timedelta(hours=1)
_State = Refund.State


def settle_refund(*, refund_id: UUID, said: Said, at: datetime) -> Refund:
    """Book what the gateway says of a refund; what was booked stays, but one that failed after all is taken back."""
    with acting_as_service():
        refund = _locked(refund_id)
        if said.gateway_id and not refund.gateway_refund:
            refund.gateway_refund = said.gateway_id[:100]
            refund.save(update_fields=["gateway_refund"])
        if said.state == "SUCCEEDED" and refund.is_open:
            return _paid_back(refund, at=at)
        if said.state == "FAILED" and refund.is_open:
            return _failed(refund, "the gateway could not pay it", at=at)
        if said.state == "FAILED" and refund.state == _State.SUCCEEDED:
            return _failed_after_all(refund, at=at)
        if said.state in ("PENDING", "NEEDS_ATTENTION") and refund.is_open and refund.state != said.state:
            _goes_on(refund, said.state)
        return refund


def look_for(*, gateway: PaymentGateway, reference: str, shown: Sequence[Said], at: datetime) -> list[Refund]:
    """Match the refunds that a gateway shows of a charge with ours, and book each.

    One that we do not know is the one of ours that had no answer; failing that, somebody ordered it at the gateway, and
    it is taken from the account as far as that has it.
    """
    settled: list[Refund] = []
    with acting_as_service():
        ours = Refund.objects.filter(gateway=gateway, reference=reference).select_for_update().order_by("id")
        rows = list(ours)
        known = {row.gateway_refund: row for row in rows if row.gateway_refund}
        for said in shown:
            row = known.get(said.gateway_id) or next(
                (r for r in rows if r.is_open and not r.gateway_refund and r.amount == said.amount), None
            )
            if row is None:
                row = _unordered(gateway, reference, said, at=at)
            if row is None:
                continue
            row.gateway_refund = row.gateway_refund or said.gateway_id
            settled.append(settle_refund(refund_id=row.pk, said=said, at=at))
        for row in rows:
            stale = row.state == _State.UNKNOWN and row.ordered_at and row.ordered_at + PATIENCE <= at
            if stale and row.pk not in {each.pk for each in settled}:
                open_case(row)
    return settled


def give_back(*, refund_id: UUID, reason: str, at: datetime) -> Refund:
    """The gateway took no order for this refund: its money is the account's again."""
    with acting_as_service():
        refund = _locked(refund_id)
        return _failed(refund, reason, at=at) if refund.is_open else refund


def _locked(refund_id: UUID) -> Refund:
    """The refund, and what a merchant sold by its charge: before the accounts, as everybody does."""
    rows = Refund.objects.select_for_update(of=("self",))
    refund = rows.select_related("gateway", "account", "payment__account").get(pk=refund_id)
    if refund.payment:
        takings.sold_by(refund.payment)
    return refund


def _goes_on(refund: Refund, state: str) -> None:
    """It is on its way, or what it came from takes nothing: then its customer is asked where else it may go."""
    refund.state = state
    if state == _State.NEEDS_ATTENTION:
        # Where it was sent to before takes nothing either.
        refund.bank_account = None
        open_case(refund)
        tell(refund)
    refund.save(update_fields=["state", "bank_account"])
    takings.follow_refund(refund)
    audit.record(action=f"wallet.refund.{state.lower()}", target=refund)


def _paid_back(refund: Refund, *, at: datetime) -> Refund:
    """Post it, out of what was set aside; what the account did not have, out of ours."""
    clearing = clearing_of(refund.gateway, refund.currency_id)
    words = f"{refund.gateway_id} {refund.reference}"[:200]
    theirs = refund.amount - refund.shortfall
    if theirs:
        refund.posting_id = new_posting_id()
    if refund.shortfall:
        refund.rest_posting_id = new_posting_id()
        borne = [Line("CHARGEBACK", system_account(BORNE_BY, refund.currency_id), clearing, refund.shortfall)]
        post(posting_id=refund.rest_posting_id, lines=borne, description=words)
    if refund.posting_id and refund.suspended_id:
        lines = [Line(KIND, refund.account_id, clearing, theirs)]
        post(posting_id=refund.posting_id, lines=lines, description=words)
    elif refund.posting_id:
        holds.commit_hold(
            hold_id=refund.hold_id,
            posting_id=refund.posting_id,
            credit=clearing,
            amount=theirs,
            kind=KIND,
            description=refund.note or words,
        )
    _settled(refund, _State.SUCCEEDED, at=at)
    if refund.suspended_id:
        _returned(refund, at=at)
    elif refund.payment and refund.payment.amount == refund.amount:
        posting_reversed(reference=refund.payment.posting_id, at=at)
    return refund


def _failed(refund: Refund, reason: str, *, at: datetime) -> Refund:
    refund.error = reason[:200]
    if Hold.objects.filter(pk=refund.hold_id).open().exists():
        holds.release_hold(hold_id=refund.hold_id)
    if refund.suspended_id:
        SuspendedDeposit.objects.filter(pk=refund.suspended_id).update(state=SuspendedDeposit.State.OPEN)
    return _settled(refund, _State.FAILED, at=at)


def _failed_after_all(refund: Refund, *, at: datetime) -> Refund:
    """The gateway says that a refund which it had paid came back: so does the money."""
    for posting in filter(None, (refund.posting_id, refund.rest_posting_id)):
        reverse(posting_id=new_posting_id(), reverses=posting, description="refund came back")
    refund.error = "came back after it was paid"
    if refund.suspended_id:
        SuspendedDeposit.objects.filter(pk=refund.suspended_id).update(
            state=SuspendedDeposit.State.OPEN, resolved_at=None, resolved_posting_id=None
        )
    return _settled(refund, _State.FAILED, at=at)


def _returned(refund: Refund, *, at: datetime) -> None:
    assert refund.suspended_id is not None
    deposit = SuspendedDeposit.objects.select_for_update().get(pk=refund.suspended_id)
    deposit.state, deposit.resolved_at = SuspendedDeposit.State.RETURNED, at
    deposit.resolved_posting_id = refund.posting_id
    deposit.save(update_fields=["state", "resolved_at", "resolved_posting_id"])
    close_cases(deposit)
    if deposit.payment_id:
        Payment.objects.filter(pk=deposit.payment_id).update(state=Payment.State.FAILED, reason="returned")


def _settled(refund: Refund, state: str, *, at: datetime) -> Refund:
    refund.state, refund.settled_at, refund.next_check_at = state, at, None
    refund.save(
        update_fields=["state", "settled_at", "next_check_at", "posting_id", "rest_posting_id", "error"]
    )
    takings.follow_refund(refund)
    audit.record(action=f"wallet.refund.{state.lower()}", target=refund, amount=refund.amount)
    Case.objects.filter(kind=Case.Kind.UNKNOWN_REFUND, reference=str(refund.pk)).update(
        state=Case.State.CLOSED
    )
    tell(refund)
    return refund


def tell(refund: Refund) -> None:
    """Leave a notice of how a refund stands with whose money it is."""
    if refund.account.owner_id:
        facts = {
            "refund": str(refund.pk),
            "payment": str(refund.payment_id),
            "amount": refund.amount - refund.shortfall,
            "currency": refund.currency_id,
        }
        event = f"refund.{refund.state.lower()}"
        accounts.notify(notices=[Notification(user_id=refund.account.owner_id, event=event, data=facts)])


def _unordered(gateway: PaymentGateway, reference: str, said: Said, *, at: datetime) -> Refund | None:
    """Note a refund that somebody ordered at the gateway itself; None where it is of no deposit that we credited."""
    payment = (
        Payment.objects.select_for_update(of=("self",))
        .select_related("account", "gateway")
        .filter(gateway=gateway, reference=reference)
        .first()
    )
    if said.state == "FAILED" or said.amount <= 0:
        return None
    if payment is None or not payment.is_credited or said.currency != payment.currency_id:
        return None
    if takings.paid_elsewhere(payment):
        return None
    takings.sold_by(payment)
    account = payment.account
    if payment.state == Payment.State.HELD:
        account = Account.objects.get(
            owner=account.owner_id, kind=Account.Kind.HELD, currency=payment.currency_id
        )
    refund = Refund(
        pk=uuid7(),
        account=account,
        payment=payment,
        gateway=gateway,
        reference=reference,
        gateway_refund=said.gateway_id,
        amount=said.amount,
        currency_id=payment.currency_id,
        state=_State.PENDING,
        reason="ordered at the gateway",
        created_at=at,
        ordered_at=at,
    )
    held = holds.claim(
        hold_id=refund.hold_id, account_id=account.pk, most=said.amount, least=0, reason=HELD_FOR
    )
    refund.shortfall = said.amount - held
    refund.save(force_insert=True)
    takings.follow_refund(refund)
    audit.record(
        action="wallet.refund.found", target=refund, amount=refund.amount, shortfall=refund.shortfall
    )
    open_case(refund)
    return refund


def open_case(refund: Refund) -> None:
    """Leave a refund to staff: once for each state that it is in."""
    facts = {
        "refund": str(refund.pk),
        "charge": refund.reference,
        "amount": refund.amount,
        "shortfall": refund.shortfall,
        "gateway_refund": refund.gateway_refund,
        "state": refund.state,
    }
    case, is_new = Case.objects.get_or_create(
        kind=Case.Kind.UNKNOWN_REFUND,
        reference=str(refund.pk),
        defaults={"data": facts, "payment_id": refund.payment_id},
    )
    if not is_new and case.data.get("state") == refund.state:
        return
    case.data, case.state = facts, Case.State.OPEN
    case.save(update_fields=["data", "state"])
    audit.record(action="wallet.case.opened", target=case, kind=case.kind, refund=str(refund.pk))
