"""Asking somebody for money: made, reminded of, taken back, expired. What happens is written down and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification, User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import PaymentRequest, PaymentRequestChange, RequestBlock, SplitBill
from wallet.services.accounts import NGN
from wallet.services.transfers import LONGEST_NOTE, NoteTooLong

LIFE, LONGEST_LIFE = timedelta(days=14), timedelta(days=90)
SMALLEST, LARGEST = 100, 1_000_000_000  # kobo
MOST_OPEN, MOST_OPEN_TO_ONE, PER_DAY, DAY = 50, 3, 30, timedelta(days=1)
MOST_REMINDERS, BETWEEN_REMINDERS = 2, timedelta(days=1)
State, Kind = PaymentRequest.State, PaymentRequestChange.Kind


class RequestNotFound(DomainError):
    code = "payment_request_not_found"
    kind = "not_found"
    message = _("There is no such request.")


class RequestOver(DomainError):
    code = "payment_request_over"
    kind = "conflict"
    message = _("This request is over: it was paid, declined, taken back, or has expired.")


class RequestAmount(DomainError):
    code = "payment_request_amount"
    message = _("Ask for at least ₦1 and at most ₦10,000,000.")


class RequestOneself(DomainError):
    code = "payment_request_oneself"
    message = _("You cannot ask yourself for money.")


class RequestExpiry(DomainError):
    code = "payment_request_expiry"
    message = _("A request ends between tomorrow and 90 days from now.")


class TooManyRequests(DomainError):
    code = "payment_request_too_many"
    kind = "limited"
    message = _(
        "You have asked for money often lately. Wait until some requests are answered, or come back tomorrow."
    )


class TooManyToOne(DomainError):
    code = "payment_request_too_many_to_one"
    kind = "limited"
    message = _("You have three open requests to this person. Wait until they answer one, or take one back.")


class TooSoonToRemind(DomainError):
    code = "payment_request_reminder"
    kind = "limited"
    message = _("You can remind somebody twice, a day apart.")


@dataclass(frozen=True)
class Ask:
    """Who is asked, for how much (minor units)."""

    person: accounts.Recipient
    amount: int


def ask(
    *,
    asker: User,
    recipient_text: str,
    amount: int,
    at: datetime,
    note: str = "",
    expires_at: datetime | None = None,
    request_id: UUID | None = None,
) -> PaymentRequest:
    """Ask one person for money; a repeat under the same id returns the first.

    Whoever blocked the asker is not told, and to the asker it looks as ever. Raises RecipientNotFound, RequestOneself,
    RequestAmount, RequestExpiry, NoteTooLong, TooManyRequests, TooManyToOne.
    """
    with acting_as_service():
        found = PaymentRequest.objects.filter(pk=request_id, asker=asker).first() if request_id else None
    if found is not None:
        return found
    person = accounts.find_recipient(text=recipient_text)
    ends = expires_at or at + LIFE
    asks = [Ask(person, amount)]
    return ask_all(asker=asker, asks=asks, note=note, at=at, expires_at=ends, first_id=request_id)[0]


def ask_all(
    *,
    asker: User,
    asks: Sequence[Ask],
    note: str,
    at: datetime,
    expires_at: datetime,
    split: SplitBill | None = None,
    first_id: UUID | None = None,
) -> list[PaymentRequest]:
    """Ask several people, all or none. Raises as `ask` does."""
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong
    if not at < expires_at <= at + LONGEST_LIFE:
        raise RequestExpiry
    if any(not SMALLEST <= each.amount <= LARGEST for each in asks):
        raise RequestAmount
    if any(each.person.user_id == asker.pk for each in asks):
        raise RequestOneself
    with acting_as_service():
        # One person's requests come one after the other, so that none slips past the count.
        User.objects.select_for_update(no_key=True).get(pk=asker.pk)
        _refuse_too_many(asker, asks, at=at)
        made: list[PaymentRequest] = []
        for each in asks:
            request = PaymentRequest(
                asker=asker,
                payer_id=each.person.user_id,
                amount=each.amount,
                currency_id=NGN,
                note=note,
                split=split,
                created_at=at,
                expires_at=expires_at,
            )
            if first_id and not made:
                request.pk = first_id
            request.save(force_insert=True)
            note_change(request, Kind.ASKED, at=at)
            audit.record(action="wallet.request.asked", target=request, amount=request.amount)
            _tell_payer(request, "request.received")
            made.append(request)
    return made


def remind(*, request: PaymentRequest, by: User, at: datetime) -> PaymentRequest:
    """Remind the asked person. Raises RequestNotFound, RequestOver, TooSoonToRemind."""
    with acting_as_service():
        request = locked(request, at=at, asker=by)
        soon = request.reminded_at or request.created_at
        if request.reminders >= MOST_REMINDERS or at < soon + BETWEEN_REMINDERS:
            raise TooSoonToRemind
        request.reminders, request.reminded_at = request.reminders + 1, at
        request.save(update_fields=["reminders", "reminded_at"])
        note_change(request, Kind.REMINDED, at=at)
        audit.record(action="wallet.request.reminded", target=request)
        _tell_payer(request, "request.reminded")
    return request


def cancel(*, request: PaymentRequest, by: User, at: datetime) -> PaymentRequest:
    """Take a request back. Raises RequestNotFound, RequestOver."""
    with acting_as_service():
        request = locked(request, at=at, asker=by)
        end(request, State.CANCELLED, at=at)
    return request


def expire_requests(*, at: datetime, limit: int = 500) -> int:
    """End what nobody answered in time, and tell who asked; return how many."""
    with acting_as_service():
        due = PaymentRequest.objects.filter(state=State.OPEN, expires_at__lte=at).order_by("expires_at")
        old = list(due.select_for_update(skip_locked=True, no_key=True)[:limit])
        for request in old:
            end(request, State.EXPIRED, at=at)
            tell(request.asker_id, request, "request.expired", name=name_of(request.payer_id))
    return len(old)


def locked(
    request: PaymentRequest, *, at: datetime, asker: User | None = None, payer: User | None = None
) -> PaymentRequest:
    """Lock an open request of this asker, or to this payer. Raises RequestNotFound, RequestOver."""
    rows = PaymentRequest.objects.select_for_update(no_key=True)
    rows = rows.filter(asker=asker) if asker else rows.of_payer(payer)
    found = rows.filter(pk=request.pk).first()
    if found is None:
        raise RequestNotFound
    if not found.is_open or found.expires_at <= at:
        raise RequestOver
    return found


def end(
    request: PaymentRequest, state: str, *, at: datetime, words: str = "", posting_id: UUID | None = None
) -> None:
    """Say how a locked request ended."""
    request.state, request.ended_at, request.posting_id = state, at, posting_id
    request.save(update_fields=["state", "ended_at", "posting_id"])
    note_change(request, state, at=at, words=words)
    audit.record(action=f"wallet.request.{state.lower()}", target=request)


def note_change(request: PaymentRequest, kind: str, *, at: datetime, words: str = "") -> None:
    PaymentRequestChange.objects.create(request=request, kind=kind, words=words, at=at)


def tell(person_id: UUID, request: PaymentRequest, event: str, *, name: str, **facts: str) -> None:
    data = {
        "request": str(request.pk),
        "amount": request.amount,
        "currency": request.currency_id,
        "note": request.note,
        "name": name,
        **facts,
    }
    accounts.notify(notices=[Notification(user_id=person_id, event=event, data=data)])


def name_of(user_id: UUID) -> str:
    return str(User.objects.filter(pk=user_id).values_list("profile__display_name", flat=True).get() or "")


def is_blocked(*, owner_id: UUID, asker_id: UUID) -> bool:
    return RequestBlock.objects.filter(owner=owner_id, blocked=asker_id).exists()


def _tell_payer(request: PaymentRequest, event: str) -> None:
    """Whoever blocked the asker hears nothing."""
    if not is_blocked(owner_id=request.payer_id, asker_id=request.asker_id):
        tell(request.payer_id, request, event, name=name_of(request.asker_id))


def _refuse_too_many(asker: User, asks: Sequence[Ask], *, at: datetime) -> None:
    mine = PaymentRequest.objects.filter(asker=asker)
    today = mine.filter(created_at__gt=at - DAY).count()
    if mine.open(at).count() + len(asks) > MOST_OPEN or today + len(asks) > PER_DAY:
        raise TooManyRequests
    for each in asks:
        if mine.open(at).filter(payer=each.person.user_id).count() >= MOST_OPEN_TO_ONE:
            raise TooManyToOne
