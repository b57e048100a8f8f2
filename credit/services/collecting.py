"""Instalments are taken from the borrower's wallet on their day, where the borrower agreed to that.

There is one row for a loan and a due day. The money and the word that it was taken are one database transaction under
the loan's lock: two at once share the work, and whoever dies in between leaves a row that is due.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id
from credit.models import Collection, DelinquencyPause, Instalment, Loan, ScheduleVersion
from credit.notices import closing as notices
from credit.services.holding import Held, hold
from credit.services.repaying import repay
from credit.states import Actor
from credit.states import State as LoanState
from wallet import services as wallet
from wallet.models import Account

State = Collection.State
DAY = timedelta(days=1)
# How long after the last try the next one is: one, three and five days after the due day. Then it is given up.
RETRIES = (DAY, 2 * DAY, 2 * DAY)
# Days that were missed are caught up with as long as a try would still be made for them.
CAUGHT_UP = sum(RETRIES, timedelta())
# If whoever took a row up dies, the next one may after this.
TAKEN_FOR = timedelta(minutes=5)
NOT_AGREED, TOO_LITTLE = "not_agreed", "wallet_too_little"


def collect_due(*, at: datetime, until: Callable[[], bool] = lambda: False) -> int:
    """Make the rows of days that have come, then take what waits until `until` says to stop; return how many tries."""
    make_due(at=at)
    tried = 0
    while not until() and (collection_id := take_due(at=at)):
        collect(collection_id=collection_id, at=at)
        tried += 1
    return tried


def make_due(*, at: datetime) -> None:
    """Write a row for each instalment whose day has come, of borrowers who agreed; each once."""
    today = timezone.localdate(at)
    last = ScheduleVersion.objects.filter(loan=OuterRef("version__loan")).order_by("-number").values("pk")[:1]
    with acting_as_service():
        due = Instalment.objects.filter(
            due__gt=today - CAUGHT_UP,
            due__lte=today,
            version=Subquery(last),
            version__loan__application__collects=True,
            version__loan__application__state=LoanState.ACTIVE,
        ).exclude(Exists(Collection.objects.filter(loan=OuterRef("version__loan"), due_date=OuterRef("due"))))
        Collection.objects.bulk_create(
            [
                Collection(loan_id=loan_id, due_date=day, next_try_at=at)
                for loan_id, day in due.order_by("due", "pk").values_list("version__loan_id", "due")
            ],
            ignore_conflicts=True,
        )


def take_due(*, at: datetime) -> UUID | None:
    """Pick the row that waits longest, and put it off, so that no other worker takes it up as well."""
    with acting_as_service(), transaction.atomic():
        due = Collection.objects.filter(state=State.DUE, next_try_at__lte=at)
        one = due.select_for_update(skip_locked=True, no_key=True).order_by("next_try_at", "pk").first()
        if one is None:
            return None
        one.next_try_at = at + TAKEN_FOR
        one.save(update_fields=["next_try_at"])
        return one.pk


def collect(*, collection_id: UUID, at: datetime) -> Collection:
    """Take what is there of what is due, once for each try; what stands in the way is written down and told."""
    with acting_as_service(), transaction.atomic():
        loan_id = Collection.objects.values_list("loan_id", flat=True).get(pk=collection_id)
        try:
            held = hold(loan_id, user_id=None, at=at)
        except DomainError as refusal:  # parked: looked at again tomorrow
            one = Collection.objects.select_for_update(no_key=True).get(pk=collection_id)
            return _wait(one, at + DAY, refusal.code)
        one = Collection.objects.select_for_update(no_key=True).select_related("loan").get(pk=collection_id)
        if one.next_try_at is None or one.next_try_at > at + TAKEN_FOR:
            return one
        if held.application.state != LoanState.ACTIVE or not held.position.due:
            return _end(one, State.TAKEN if one.taken else State.PAID, "", at)
        if not held.application.collects:
            return _end(one, State.GIVEN_UP, NOT_AGREED, at)
        if DelinquencyPause.objects.filter(
            loan=loan_id, since__lte=held.today, until__gt=held.today
        ).exists():
            return _wait(one, at + DAY, "")
        return _try(one, held, at)


def _try(one: Collection, held: Held, at: datetime) -> Collection:
    due, code = held.position.due, TOO_LITTLE
    amount = min(due, _available(held.loan))
    if amount > 0:
        # Each posting has its own id; that a try is made once is what this row's lock is for.
        key = posting_id() if one.taken else one.posting_id
        try:
            with transaction.atomic():
                repay(loan_id=held.loan.pk, user=None, amount=amount, posting_id=key, at=at, who=Actor.SYSTEM)
            one.taken += amount
            due -= amount
        except DomainError as refusal:
            code = refusal.code
    if not due:
        return _end(one, State.TAKEN, "", at)
    if one.tries < len(RETRIES):
        one.tries += 1
        if one.tries == 1:
            notices.not_collected(one, due=due)
        return _wait(one, at + RETRIES[one.tries - 1], code)
    notices.not_collected(one, due=due)
    return _end(one, State.GIVEN_UP, code, at)


def _available(loan: Loan) -> int:
    account = Account.objects.get(pk=wallet.open_wallet(owner_id=loan.user_id, currency=loan.currency_id))
    return max(account.balance - account.held, 0)


def _wait(one: Collection, until: datetime, code: str) -> Collection:
    one.next_try_at, one.code = until, code
    one.save(update_fields=["taken", "tries", "next_try_at", "code"])
    return one


def _end(one: Collection, state: str, code: str, at: datetime) -> Collection:
    one.state, one.code, one.next_try_at, one.ended_at = state, code, None, at
    one.save(update_fields=["state", "taken", "tries", "next_try_at", "code", "ended_at"])
    return one
