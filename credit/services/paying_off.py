"""Paying a loan off: first quoted, for the rest of the day, then paid exactly so, once."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import LoanTransaction, PayoffQuote
from credit.refusals import LoanNotFound
from credit.replay import Quote, Repay, quote
from credit.services.holding import Held, hold
from credit.services.repaying import pay
from credit.states import Actor, Event, State, StateRefused

Kind = LoanTransaction.Kind
DAY = timedelta(days=1)
PARTS = ("principal", "interest", "fees", "penalties")


class QuoteExpired(DomainError):
    code = "loan_quote_expired"
    kind = "conflict"
    message = _("These figures held until the end of their day. Ask for new ones.")


class QuoteOvertaken(DomainError):
    """Something happened to the loan after it was quoted."""

    code = "loan_quote_overtaken"
    kind = "conflict"
    message = _("Your loan has changed since these figures were made. Ask for new ones.")


class NothingOwed(DomainError):
    code = "loan_nothing_owed"
    kind = "conflict"
    message = _("Nothing is owed on this loan.")


def quote_payoff(*, loan_id: UUID, user: User, at: datetime) -> PayoffQuote:
    """Quote what pays a loan off today, and keep the quote; the same figures on the same day are the same quote.

    Raises LoanNotFound, LoanParked, StateRefused, NothingOwed.
    """
    with acting_as_service(), transaction.atomic():
        held = hold(loan_id, user_id=user.pk, at=at)
        if held.application.state != State.ACTIVE:
            raise StateRefused(state=held.application.state, event=str(Event.REPAY))
        return kept_quote(held)


def kept_quote(held: Held) -> PayoffQuote:
    """Return the quote of a held loan for today, written down now or before. Raises NothingOwed."""
    found = _figures(held)
    if found.total == 0:
        raise NothingOwed
    figures = {name: getattr(found, name) for name in PARTS}
    same = PayoffQuote.objects.filter(
        loan=held.loan,
        used_at=None,
        day=held.today,
        transactions=held.record.transactions,
        expires_at__gt=held.at,
        **figures,
    )
    if known := same.order_by("pk").first():
        return known
    midnight = timezone.make_aware(datetime.combine(held.today + DAY, datetime.min.time()))
    made = PayoffQuote.objects.create(
        loan=held.loan,
        day=held.today,
        transactions=held.record.transactions,
        expires_at=midnight,
        **figures,
    )
    audit.record(action="credit.loan.quoted", target=held.loan, quote=str(made.pk), total=made.total)
    return made


def pay_off(*, quote_id: UUID, user: User, at: datetime) -> LoanTransaction:
    """Pay a loan off exactly as it was quoted, from the borrower's wallet; a repeat returns the first payment.

    Raises LoanNotFound, LoanParked, QuoteExpired, QuoteOvertaken, StateRefused, and a LedgerRefusal; and then nothing
    was done.
    """
    with acting_as_service(), transaction.atomic():
        loan_id = PayoffQuote.objects.filter(pk=quote_id).values_list("loan_id", flat=True).first()
        if loan_id is None:
            raise LoanNotFound
        held = hold(loan_id, user_id=user.pk, at=at)
        quoted = PayoffQuote.objects.get(pk=quote_id)
        if quoted.used_at is not None:
            return LoanTransaction.objects.get(posting_id=quoted.posting_id)
        refuse_over(held, quoted)
        return use(held, quoted, who=Actor.BORROWER)


def refuse_over(held: Held, quoted: PayoffQuote) -> None:
    """Raise QuoteExpired or QuoteOvertaken for a quote that no longer says what pays the loan off."""
    if held.at >= quoted.expires_at or held.today != quoted.day:
        raise QuoteExpired
    figures = _figures(held)
    if quoted.transactions != held.record.transactions or any(
        getattr(quoted, name) != getattr(figures, name) for name in PARTS
    ):
        raise QuoteOvertaken


def use(held: Held, quoted: PayoffQuote, *, who: Actor, event: Event = Event.REPAY) -> LoanTransaction:
    """Pay what a quote says, under its posting id."""
    row = pay(
        held,
        Repay(held.today, quoted.total),
        kind=Kind.PAY_OFF,
        amount=quoted.total,
        posting_id=quoted.posting_id,
        who=who,
        by=event,
    )
    quoted.used_at = held.at
    quoted.save(update_fields=["used_at"])
    return row


def _figures(held: Held) -> Quote:
    return quote(held.standing, held.today)
