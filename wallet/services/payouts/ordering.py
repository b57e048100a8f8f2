"""Calling the gateway about a payout: to order it, and to ask what became of it. Nothing is held meanwhile.

From just before the first call until its answer is stored a payout is UNKNOWN: whoever dies in between leaves it so,
and the next one asks before doing anything. Only what the gateway surely does not know is ordered again, under the same
reference; of a gateway that has no references of ours, nothing is ever ordered twice by a machine.
"""

from datetime import datetime, timedelta
from uuid import UUID

from accounts import audit
from core.actors import acting_as_service
from core.outbound import require_no_transaction
from wallet.gateways.base import GatewayRefused, GatewayUnavailable
from wallet.gateways.capabilities import Destination, GatewayBalanceTooLow, PayoutOrder
from wallet.models import Payout
from wallet.services.bank_accounts import number_of
from wallet.services.banks import payouts_of
from wallet.services.breaker import CircuitOpen
from wallet.services.payouts.choosing import way_of
from wallet.services.payouts.settling import UNANSWERED, fail_payout, note_unanswered, settle_payout

State = Payout.State
# If whoever took it up dies, the next one may after this.
RETRY = timedelta(minutes=2)
# What was surely not sent by then is not sent at all: its money is free again, and the customer told.
GIVEN_UP_AFTER = timedelta(hours=1)
# After an order without an answer, a refused repeat says nothing yet: the first may still be on its way in.
SETTLES_WITHIN = timedelta(minutes=15)
# How long our balance at the gateway is given to be enough again.
PASSES = timedelta(minutes=5)
STOPPED = ("LOCKED", "FROZEN", "CLOSED")
MOST_COUNTED = 2**15 - 1


def order_payout(*, payout_id: UUID, at: datetime) -> Payout:
    """Have the gateway pay what was set aside, once. One that was ordered before is returned as it is. Calls outside.

    Raises GatewayUnavailable while the gateway cannot be reached at all: it is tried again.
    """
    payout = _loaded(payout_id)
    if payout.state != State.HELD:
        return payout
    if at - payout.created_at >= GIVEN_UP_AFTER:
        return _failed(payout, "gateway_unavailable", at=at)
    if payout.account.owner_state in STOPPED or payout.account.state in STOPPED:
        # Locked or frozen since it was asked for: whoever asked may have been somebody else.
        return _failed(payout, "account_stopped", at=at)
    require_no_transaction()
    way = way_of(payout)
    adapter, account = payouts_of(way.gateway), payout.bank_account
    to = Destination(number_of(account), account.holder_name)
    if not payout.recipient or way.gateway != payout.gateway:
        try:
            recipient = adapter.make_recipient(
                account_number=to.account_number,
                bank_code=way.bank_code,
                name=to.name,
                currency=payout.currency_id,
            )
        except GatewayRefused as refusal:
            return _failed(payout, _said(refusal), at=at)
        payout.recipient = recipient
    payout.gateway = way.gateway
    if not _begin(payout, at=at):
        return _loaded(payout_id)
    return _order(payout, to=to, before=None, at=at)


def check_payout(*, payout_id: UUID, at: datetime) -> Payout:
    """Do what is due for a payout: order it, or ask what became of it. Calls outside; safe at any time.

    Raises GatewayUnavailable, GatewayRefused: it stays as it was, and is taken up again.
    """
    if _loaded(payout_id).state == State.HELD:
        return order_payout(payout_id=payout_id, at=at)
    return ask_payout(payout_id=payout_id, at=at)


def ask_payout(*, payout_id: UUID, at: datetime) -> Payout:
    """Ask what became of a payout and settle it so; what the gateway never had, it is given again.

    Raises GatewayUnavailable, GatewayRefused.
    """
    payout = _loaded(payout_id)
    if payout.state in (State.HELD, State.FAILED, State.RETURNED):
        return payout
    require_no_transaction()
    adapter = payouts_of(payout.gateway)
    try:
        found = adapter.find_transfer(
            reference=payout.reference, gateway_id=payout.gateway_transfer, since=payout.created_at
        )
    except (GatewayRefused, GatewayUnavailable):
        note_unanswered(payout_id=payout_id, at=at)
        raise
    if found.state == "NOT_FOUND" and payout.state == State.UNKNOWN and adapter.idempotent:
        before = payout.ordered_at
        if not _begin(payout, at=at):
            return _loaded(payout_id)
        return _order(payout, before=before, at=at)
    return settle_payout(payout_id=payout_id, transfer=found, at=at)


def take_due_payout(*, at: datetime) -> UUID | None:
    """Pick the payout most overdue for a call, and put it off, so that no other worker calls as well."""
    with acting_as_service():
        due = (
            Payout.objects.due(at).select_for_update(skip_locked=True, of=("self",)).order_by("next_check_at")
        )
        payout = due.first()
        if payout is None:
            return None
        payout.next_check_at = at + RETRY
        payout.checks = min(payout.checks + 1, MOST_COUNTED)
        payout.save(update_fields=["next_check_at", "checks"])
        return payout.pk


def ask_soon(*, payout_id: UUID, at: datetime) -> None:
    """Have it asked about next, by whoever comes first; a person wants to know."""
    with acting_as_service():
        Payout.objects.filter(pk=payout_id).update(next_check_at=at)
        audit.record(action="wallet.withdrawal.asked_about", target=Payout(pk=payout_id))


def _loaded(payout_id: UUID) -> Payout:
    with acting_as_service():
        return Payout.objects.select_related("gateway", "bank_account", "account").get(pk=payout_id)


def _begin(payout: Payout, *, at: datetime) -> bool:
    """Write down that the gateway is about to be called; whoever comes first does so, and nobody else."""
    with acting_as_service():
        mine = Payout.objects.filter(pk=payout.pk, state=payout.state, orders=payout.orders).update(
            state=State.UNKNOWN,
            gateway=payout.gateway,
            recipient=payout.recipient,
            unknown_since=payout.unknown_since or at,
            ordered_at=at,
            orders=payout.orders + 1,
            next_check_at=at + RETRY,
            reason=payout.reason if payout.reason == UNANSWERED else "",
        )
        if mine:
            payout.state, payout.orders = State.UNKNOWN, payout.orders + 1
            audit.record(action="wallet.withdrawal.ordered", target=payout, amount=payout.amount)
        return bool(mine)


def _order(payout: Payout, *, to: Destination | None = None, before: datetime | None, at: datetime) -> Payout:
    """Give the order. `before` is when it was given last: that one may still be on its way in."""
    require_no_transaction()
    order = PayoutOrder(payout.reference, payout.recipient, payout.amount, _words(payout), to)
    try:
        transfer = payouts_of(payout.gateway).send(order=order, currency=payout.currency_id)
    except GatewayRefused as refusal:
        if before and at - before < SETTLES_WITHIN:
            return note_unanswered(payout_id=payout.pk, at=at)
        passes = isinstance(refusal, GatewayBalanceTooLow) and at - payout.created_at < GIVEN_UP_AFTER
        return (_not_yet if passes else _failed)(payout, _said(refusal), at=at)
    except CircuitOpen as error:
        # It was not asked now; whether an order before this one got through, nobody knows.
        if before is None:
            return _not_yet(payout, error.code, at=at)
        return note_unanswered(payout_id=payout.pk, at=at)
    except GatewayUnavailable:
        return note_unanswered(payout_id=payout.pk, at=at)
    return settle_payout(payout_id=payout.pk, transfer=transfer, at=at)


def _failed(payout: Payout, reason: str, *, at: datetime) -> Payout:
    return fail_payout(payout_id=payout.pk, state=payout.state, orders=payout.orders, reason=reason, at=at)


def _not_yet(payout: Payout, reason: str, *, at: datetime) -> Payout:
    """Surely not sent, for a cause of ours that may pass: set aside as before, and ordered again later."""
    with acting_as_service():
        Payout.objects.filter(pk=payout.pk, state=State.UNKNOWN, orders=payout.orders).update(
            state=State.HELD, unknown_since=None, reason=reason, next_check_at=at + PASSES
        )
    return _loaded(payout.pk)


def _words(payout: Payout) -> str:
    """What stands on the receiving bank's statement."""
    return payout.note or f"Alajo {payout.reference[-8:]}"


def _said(refusal: GatewayRefused) -> str:
    return str(refusal.data.get("said") or refusal)[:200]
