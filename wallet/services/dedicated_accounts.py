"""A bank account number of a customer's own: asked for by them, given out by a gateway, at once or later.

The row is stored before the gateway is asked, and the gateway gives the same number when it is asked again: what dies
in between is taken up by `take_due_account`.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification, User
from accounts.services.kyc.identified import NotIdentified, has_bvn, identified
from core.actors import acting_as_service
from core.errors import DomainError
from core.outbound import require_no_transaction
from wallet.gateways.base import GatewayRefused
from wallet.gateways.capabilities import GivesAccounts, LooksForDeposits, VirtualAccount
from wallet.models import Account, DedicatedAccount, PaymentGateway, WebhookEvent
from wallet.services.gateway_events import NothingToDo, on
from wallet.services.gateways import NoGateway, adapter_of
from wallet.services.routing import first_that_answers

_State = DedicatedAccount.State
RETRY, GIVE_UP = timedelta(minutes=10), timedelta(days=3)
# How often one customer may ask for a number, and have the gateway look for a transfer.
ASKS, ASKED_WITHIN = 3, timedelta(days=1)
SEARCH_EVERY = timedelta(minutes=10)


class TooManyAsks(DomainError):
    code = "account_number_asked_too_often"
    kind = "limited"
    message = _("You have asked for an account number several times today. Please try again tomorrow.")


class SearchedLately(DomainError):
    """`data["retry_after"]` says in how many seconds it may be looked for again."""

    code = "searched_lately"
    kind = "limited"
    message = _("We looked a short while ago. Banks can take some minutes; please try again a little later.")
    public = ("retry_after",)


class CannotSearch(DomainError):
    code = "cannot_search_transfers"
    kind = "unavailable"
    message = _("We cannot look for transfers at the moment. What was sent arrives by itself.")


def giver(currency: str) -> PaymentGateway:
    """Return the gateway that gives out account numbers: the first by priority of those that answer. Raises NoGateway.

    What comes in by an account number costs a part of it, which nobody knows yet: fees do not decide.
    """
    active = PaymentGateway.objects.filter(active=True, currencies__contains=[currency])
    found = [
        gateway
        for gateway in active.order_by("priority", "code")
        if isinstance(adapter_of(gateway), GivesAccounts)
    ]
    chosen = first_that_answers(found)
    if chosen is None:
        raise NoGateway(_("Account numbers are not given out at the moment."))
    return chosen


def ask_for_account(*, user: User, wallet: Account, at: datetime) -> DedicatedAccount:
    """Store that a customer wants a number of their own; the one they have or wait for is returned.

    Raises NotIdentified, TooManyAsks, NoGateway.
    """
    with acting_as_service(on_behalf_of=user):
        mine = DedicatedAccount.objects.filter(owner=user)
        found = mine.standing().first()
        if found is not None:
            return found
        if not has_bvn(user=user):
            raise NotIdentified
        if mine.filter(requested_at__gt=at - ASKED_WITHIN).count() >= ASKS:
            raise TooManyAsks
        try:
            with transaction.atomic():
                row = DedicatedAccount.objects.create(
                    owner=user,
                    account=wallet,
                    gateway=giver(wallet.currency_id),
                    requested_at=at,
                    next_try_at=at + RETRY,
                )
        except IntegrityError:
            return mine.standing().get()
        audit.record(action="wallet.account_number.requested", target=row)
        return row


@sensitive_variables()
def open_account(*, row_id: UUID, at: datetime) -> DedicatedAccount:
    """Have the gateway give the number that was asked for. Calls outside; safe to repeat.

    Raises GatewayUnavailable: it is asked again later.
    """
    with acting_as_service():
        row = DedicatedAccount.objects.select_related("gateway", "owner__profile").get(pk=row_id)
        if row.state != _State.REQUESTED:
            return row
        DedicatedAccount.objects.filter(pk=row.pk).update(next_try_at=at + RETRY)
        try:
            person = identified(user=row.owner, purpose="account number")
        except NotIdentified as error:
            return _refuse(row, str(error), at=at)
        adapter = adapter_of(row.gateway)
    require_no_transaction()
    if not isinstance(adapter, GivesAccounts):
        return _refuse(row, str(NoGateway.message), at=at)
    try:
        given = adapter.open_virtual_account(
            reference=str(row.pk),
            email=row.owner.email,
            first_name=person.first_name,
            last_name=person.last_name,
            phone=person.phone,
            bvn=person.bvn,
            birth_date=person.birth_date,
            address=person.address,
        )
    except GatewayRefused as error:
        return _refuse(row, str(error.data.get("said") or error), at=at)
    return _take(row, given, at=at)


def take_due_account(*, at: datetime) -> UUID | None:
    """Pick a number that has not come, or that was given up and must be unassigned, and put its next turn off."""
    with acting_as_service():
        due = DedicatedAccount.objects.filter(next_try_at__lte=at)
        row = due.select_for_update(skip_locked=True).order_by("next_try_at").first()
        if row is None:
            return None
        row.next_try_at = at + RETRY
        row.save(update_fields=["next_try_at"])
        return row.pk


def carry_on(*, row_id: UUID, at: datetime) -> DedicatedAccount:
    """Ask for a number again, or give it up after days without one; have one that was given up unassigned.

    Calls outside. Raises GatewayUnavailable, GatewayRefused.
    """
    with acting_as_service():
        row = DedicatedAccount.objects.select_related("gateway").get(pk=row_id)
        if row.state == _State.REQUESTED and row.requested_at + GIVE_UP <= at:
            return _refuse(row, "no answer", at=at)
        adapter = adapter_of(row.gateway)
    if row.state == _State.REQUESTED:
        return open_account(row_id=row_id, at=at)
    require_no_transaction()
    if row.state == _State.CLOSED and row.gateway_account and isinstance(adapter, GivesAccounts):
        adapter.close_virtual_account(gateway_id=row.gateway_account)
    with acting_as_service():
        DedicatedAccount.objects.filter(pk=row.pk, state=row.state).update(next_try_at=None)
        audit.record(action="wallet.account_number.unassigned", target=row)
        return row


def close_accounts(*, user: User, at: datetime) -> None:
    """Give up the number of a person who leaves. A worker has it unassigned; what still comes in is suspended."""
    with acting_as_service(on_behalf_of=user):
        for row in DedicatedAccount.objects.filter(owner=user).standing().select_for_update():
            row.state, row.closed_at, row.next_try_at = _State.CLOSED, at, at
            row.save(update_fields=["state", "closed_at", "next_try_at"])
            audit.record(action="wallet.account_number.closed", target=row)


def search_transfers(*, row: DedicatedAccount, at: datetime) -> None:
    """Have the gateway look for transfers into a number that have not been told yet. Calls outside.

    Raises SearchedLately, CannotSearch, GatewayRefused, GatewayUnavailable.
    """
    require_no_transaction()
    with acting_as_service():
        row = (
            DedicatedAccount.objects.select_for_update(of=("self",)).select_related("gateway").get(pk=row.pk)
        )
        if row.state != _State.ACTIVE:
            raise CannotSearch
        if row.searched_at and row.searched_at + SEARCH_EVERY > at:
            raise SearchedLately(retry_after=int((row.searched_at + SEARCH_EVERY - at).total_seconds()) + 1)
        row.searched_at = at
        row.save(update_fields=["searched_at"])
        audit.record(action="wallet.account_number.searched", target=row)
        adapter = adapter_of(row.gateway)
    if not isinstance(adapter, LooksForDeposits):
        raise CannotSearch
    adapter.look_for_deposits(
        account_number=row.account_number, provider=row.provider, on=timezone.localdate(at)
    )


@on("dedicatedaccount.assign.success", "dedicatedaccount.assign.failed")
def take_assignment(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """The gateway has decided on a number that a customer waits for: ask it what it gave. Raises NothingToDo."""
    payer = data.get("customer")
    facts: dict[str, Any] = payer if isinstance(payer, dict) else {}
    code, email = facts.get("customer_code"), facts.get("email")
    with acting_as_service():
        waiting = DedicatedAccount.objects.filter(gateway=gateway, state=_State.REQUESTED)
        row = waiting.filter(customer_code=code).first() if code else None
        if row is None and isinstance(email, str):
            row = waiting.filter(owner__email=email.lower()).first()
        if row is None:
            raise NothingToDo
        if event.event.endswith("failed"):
            identification = data.get("identification")
            status = identification.get("status") if isinstance(identification, dict) else ""
            _refuse(row, f"identification {status}".strip(), at=at)
            return
    open_account(row_id=row.pk, at=at)


def _take(row: DedicatedAccount, given: VirtualAccount, *, at: datetime) -> DedicatedAccount:
    """Store what the gateway gave; while it has no number yet, its answer comes by webhook."""
    with acting_as_service():
        row = DedicatedAccount.objects.select_for_update().get(pk=row.pk)
        if row.state != _State.REQUESTED:
            return row
        row.customer_code, row.provider = given.customer_code[:100], given.provider[:40]
        if given.active and given.account_number:
            row.state, row.opened_at, row.next_try_at, row.reason = _State.ACTIVE, at, None, ""
            row.account_number, row.account_name = given.account_number[:10], given.account_name[:150]
            row.bank_name, row.gateway_account = given.bank_name[:80], given.gateway_id[:100]
            audit.record(action="wallet.account_number.opened", target=row)
            accounts.notify(
                notices=[
                    Notification(
                        user_id=row.owner_id,
                        event="account_number.opened",
                        data={"dedicated_account": str(row.pk)},
                    )
                ]
            )
        row.save()
        return row


def _refuse(row: DedicatedAccount, reason: str, *, at: datetime) -> DedicatedAccount:
    with acting_as_service():
        asked = DedicatedAccount.objects.filter(pk=row.pk, state=_State.REQUESTED)
        if asked.update(state=_State.FAILED, reason=reason[:200], next_try_at=None):
            audit.record(action="wallet.account_number.failed", target=row, reason=reason[:200])
            facts = {"dedicated_account": str(row.pk)}
            accounts.notify(
                notices=[Notification(user_id=row.owner_id, event="account_number.failed", data=facts)]
            )
        row.refresh_from_db()
        return row
