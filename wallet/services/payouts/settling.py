"""How the gateway's word on a payout becomes money: under the payout's row lock, once, in whatever order it comes.

| it says | and the payout is | then |
|---|---|---|
| on its way | without an answer | it is on its way |
| paid | open | the hold is taken: what was sent, the fees, in one posting |
| not paid, or sent back | open | the hold is freed |
| not paid, or sent back | paid | the posting is taken back, once, as a RETURN |
| paid | not sent | a case: the customer has the money, and so has their bank |
| anything | sent back | nothing: an older word came late |
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts import audit
from core.actors import acting_as_service
from core.ids import posting_id
from wallet.gateways.capabilities import Transfer
from wallet.models import Case, Payout
from wallet.refusals import LedgerRefusal, PostingIdOutOfRange
from wallet.services.accounts import system_account
from wallet.services.gateways import clearing_of
from wallet.services.holds import commit_hold_lines, release_hold
from wallet.services.payouts.returning import FEES, give_back, give_back_fee
from wallet.services.payouts.telling import tell, tell_unanswered
from wallet.services.posting import Line, post
from wallet.services.rounding import rounding_lines

State = Payout.State
WITHDRAWAL = "WITHDRAWAL"
SOONEST, LATEST = timedelta(seconds=15), timedelta(hours=1)
# Banks send money back days later. The gateway tells so; it is asked as well, in case that gets lost.
LATE_CHECKS = tuple(timedelta(days=days) for days in (1, 3, 7, 30))
# When a person should look at one that has no answer.
TOO_LONG = timedelta(minutes=30)
# Why a payout is UNKNOWN whose servers were told so.
UNANSWERED = "no_answer"
WAITED = ("no_answer", "not_booked", "long_on_its_way", "vanished")
FOR_DAYS = timedelta(days=3)


def settle_payout(*, payout_id: UUID, transfer: Transfer, at: datetime) -> Payout:
    """Book what the gateway says of a payout now. What it does not know, or of another amount, is left for later."""
    with acting_as_service():
        payout = _locked(payout_id)
        if transfer.state != "NOT_FOUND" and not _agrees(payout, transfer):
            open_case(payout, "differs", said=transfer.amount, said_currency=transfer.currency)
            _note_unknown(payout)
            return _saved(payout, next_check_at=at + LATEST if payout.is_open else None)
        if transfer.state == "SUCCEEDED":
            return _paid(payout, transfer, at=at)
        if transfer.state in ("FAILED", "REVERSED"):
            return _not_paid(payout, transfer, at=at)
        if transfer.state == "NOT_FOUND" and payout.state == State.SENT:
            open_case(payout, "vanished")
        if transfer.state == "PENDING" and payout.state in (State.HELD, State.UNKNOWN):
            payout.state, payout.unknown_since, payout.reason = State.SENT, None, ""
            payout.gateway_transfer = transfer.gateway_id
            payout.ordered_at = payout.ordered_at or at
            audit.record(action="wallet.withdrawal.sent", target=payout, amount=payout.amount)
        return _still_open(payout, at=at)


def fail_payout(*, payout_id: UUID, state: str, orders: int, reason: str, at: datetime) -> Payout:
    """Free what was set aside for a payout that was surely not sent.

    `state` and `orders` are as its caller knows it: if somebody else ordered it meanwhile, their answer is waited for.
    """
    with acting_as_service():
        payout = _locked(payout_id)
        if (payout.state, payout.orders) != (state, orders):
            return _still_open(payout, at=at)
        return _freed(payout, reason, at=at)


def note_unanswered(*, payout_id: UUID, at: datetime) -> Payout:
    """Set when to ask next about a payout that got no answer; staff get a case of one that has had none for long."""
    with acting_as_service():
        return _still_open(_locked(payout_id), at=at)


def open_case(payout: Payout, why: str, **facts: Any) -> None:
    """Leave a payout to staff, once; what is known of it is kept with the case."""
    data = {
        "why": why,
        "payout": str(payout.pk),
        "amount": payout.amount,
        "currency": payout.currency_id,
        "gateway": payout.gateway_id,
        "state": payout.state,
        **facts,
    }
    case, is_new = Case.objects.get_or_create(
        kind=Case.Kind.UNKNOWN_PAYOUT, reference=payout.reference, defaults={"data": data}
    )
    if is_new:
        audit.record(action="wallet.case.opened", target=case, kind=case.kind, payout=str(payout.pk), why=why)
    elif case.data.get("why") != why or case.state != Case.State.OPEN:
        case.data, case.state = data, Case.State.OPEN
        case.save(update_fields=["data", "state"])
        audit.record(action="wallet.case.opened", target=case, kind=case.kind, payout=str(payout.pk), why=why)


def _locked(payout_id: UUID) -> Payout:
    payouts = Payout.objects.select_for_update(of=("self",)).select_related(
        "account", "gateway", "bank_account"
    )
    return payouts.get(pk=payout_id)


def _agrees(payout: Payout, transfer: Transfer) -> bool:
    same_currency = transfer.currency in ("", payout.currency_id)
    return transfer.reference == payout.reference and transfer.amount == payout.amount and same_currency


def _paid(payout: Payout, transfer: Transfer, *, at: datetime) -> Payout:
    if payout.state == State.FAILED:
        open_case(payout, "paid_after_all", transfer=transfer.gateway_id)
        return payout
    if payout.is_open:
        payout.gateway_transfer, payout.session = transfer.gateway_id, transfer.session_id
        try:
            _take(payout)
        except LedgerRefusal as refusal:
            # The money is gone, and the account lets none out any more, or whoever placed the hold gave it back.
            open_case(payout, "not_booked", refusal=refusal.code)
            return _saved(payout, next_check_at=at + LATEST)
        payout.state, payout.unknown_since, payout.settled_at, payout.reason = State.SUCCEEDED, None, at, ""
        close_case(payout)
        tell(payout, "succeeded")
    if payout.state == State.SUCCEEDED:
        _book_fee(payout, transfer)
        payout.session = payout.session or transfer.session_id
        payout.next_check_at = _late_check(payout, at=at)
    return _saved(payout)


def _take(payout: Payout) -> None:
    """The hold becomes one posting: what was paid out, and each fee. Raises a LedgerRefusal."""
    source = payout.account_id
    lines = [Line(WITHDRAWAL, source, clearing_of(payout.gateway, payout.currency_id), payout.amount)]
    lines += [
        Line(fee["kind"], source, system_account(fee["credit"], payout.currency_id), fee["amount"])
        for fee in payout.fee_lines
    ]
    description = f"{payout.gateway_id} {payout.reference}"
    try:
        commit_hold_lines(
            hold_id=payout.hold_id, posting_id=payout.posting_id, lines=lines, description=description
        )
    except PostingIdOutOfRange:
        # Answered weeks after it was asked for. The row's lock and state still let this happen once only.
        payout.posting_id = posting_id()
        commit_hold_lines(
            hold_id=payout.hold_id, posting_id=payout.posting_id, lines=lines, description=description
        )


def _book_fee(payout: Payout, transfer: Transfer) -> None:
    """What the gateway took from us for it, as soon as it says so: clearing shows what the gateway owes us."""
    if not transfer.fee or payout.gateway_fee is not None:
        return
    payout.gateway_fee = transfer.fee
    currency = payout.currency_id
    clearing = clearing_of(payout.gateway, currency)
    lines = [
        Line("GATEWAY_FEE", system_account(FEES, currency), clearing, transfer.fee),
        *rounding_lines(dust=transfer.dust, clearing=clearing, currency=currency),
    ]
    description = f"{payout.gateway_id} {payout.reference}"
    try:
        post(posting_id=payout.gateway_fee_posting_id, lines=lines, description=description)
    except PostingIdOutOfRange:
        payout.gateway_fee_posting_id = posting_id()
        post(posting_id=payout.gateway_fee_posting_id, lines=lines, description=description)


def _not_paid(payout: Payout, transfer: Transfer, *, at: datetime) -> Payout:
    reason = (transfer.reason or transfer.state.lower())[:200]
    if payout.is_open:
        return _freed(payout, reason, at=at)
    if payout.state != State.SUCCEEDED:
        return payout
    where = give_back(payout)
    give_back_fee(payout, told=transfer.fee)
    if where:
        open_case(payout, "returned_elsewhere", where=where)
    payout.state, payout.returned_at, payout.reason, payout.next_check_at = State.RETURNED, at, reason, None
    tell(payout, "returned")
    return _saved(payout)


def _freed(payout: Payout, reason: str, *, at: datetime) -> Payout:
    release_hold(hold_id=payout.hold_id)
    payout.state, payout.unknown_since, payout.settled_at = State.FAILED, None, at
    payout.reason, payout.next_check_at = reason, None
    close_case(payout)
    tell(payout, "failed")
    return _saved(payout)


def _still_open(payout: Payout, *, at: datetime) -> Payout:
    """The longer it takes, the longer we wait before asking again, from a quarter of a minute to an hour."""
    if not payout.is_open:
        payout.next_check_at = _late_check(payout, at=at) if payout.state == State.SUCCEEDED else None
        return _saved(payout)
    _note_unknown(payout)
    age = at - (payout.unknown_since or payout.ordered_at or payout.created_at)
    payout.next_check_at = at + min(max(age / 2, SOONEST), LATEST)
    if payout.state == State.UNKNOWN and age >= TOO_LONG:
        open_case(payout, "no_answer")
    elif payout.state == State.SENT and age >= FOR_DAYS:
        open_case(payout, "long_on_its_way")
    return _saved(payout)


def _note_unknown(payout: Payout) -> None:
    """Tell of one without an answer, the first time."""
    if payout.state == State.UNKNOWN and payout.reason != UNANSWERED:
        payout.reason = UNANSWERED
        tell_unanswered(payout)


def _late_check(payout: Payout, *, at: datetime) -> datetime | None:
    settled = payout.settled_at or at
    return min((settled + wait for wait in LATE_CHECKS if settled + wait > at), default=None)


def close_case(payout: Payout) -> None:
    """What was only waiting for an answer has one."""
    Case.objects.filter(
        kind=Case.Kind.UNKNOWN_PAYOUT, reference=payout.reference, data__why__in=WAITED
    ).update(state=Case.State.CLOSED)


def _saved(payout: Payout, **changes: Any) -> Payout:
    for name, value in changes.items():
        setattr(payout, name, value)
    payout.save(
        update_fields=[
            *(
                "state",
                "posting_id",
                "gateway_fee_posting_id",
                "return_posting_id",
                "fee_return_posting_id",
                "gateway_transfer",
                "session",
            ),
            *(
                "gateway_fee",
                "reason",
                "next_check_at",
                "ordered_at",
                "unknown_since",
                "settled_at",
                "returned_at",
            ),
        ]
    )
    return payout
