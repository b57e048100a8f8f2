"""What is set aside for checkouts, and given back. Always the checkout is locked first, then its variants (SQL)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts import audit
from core.actors import acting_as_service
from marketplace.models import Checkout, Reservation
from marketplace.pricing import checked
from marketplace.refusals import CheckoutOver, NotEnoughStock

AT_A_TIME = 200
State = Checkout.State


def reserve(*, checkout_id: UUID, wanted: Mapping[UUID, int], at: datetime) -> None:
    """Set aside so many pieces of each variant for a checkout until it expires: all of them, or none.

    Once it has anything set aside, the same checkout sets nothing more aside. Raises QuantityRefused, CheckoutOver,
    NotEnoughStock.
    """
    quantities = [checked(quantity) for quantity in wanted.values()]
    with acting_as_service():
        checkout = _locked(checkout_id)
        if checkout.expires_at <= at:
            raise CheckoutOver(state=State.EXPIRED)
        if checkout.reservations.exists():
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "select variant, available from marketplace.reserve(%s, %s, %s)",
                [checkout_id, list(wanted), quantities],
            )
            missing = {str(variant): available for variant, available in cursor.fetchall()}
        if missing:
            raise NotEnoughStock(missing=missing)
        pieces = {str(variant): quantity for variant, quantity in wanted.items()}
        audit.record(
            action="marketplace.stock.reserved", target=checkout, actor_id=checkout.customer_id, pieces=pieces
        )


def leave(*, checkout_id: UUID, at: datetime) -> None:
    """End a checkout that its buyer does not go on with, and give back what is set aside. Raises CheckoutOver."""
    with acting_as_service():
        _end([_locked(checkout_id)], State.CANCELLED, at)


def release_expired(*, at: datetime) -> int:
    """Give back what is set aside for checkouts that were not paid in time; return how many checkouts ended.

    At most `AT_A_TIME` in one go, the longest over first. Those that somebody is busy with are left to the next run.
    """
    with acting_as_service():
        due = Checkout.objects.select_for_update(no_key=True, skip_locked=True)
        over = due.filter(state=State.OPEN, expires_at__lte=at).order_by("expires_at", "id")[:AT_A_TIME]
        return _end(list(over), State.EXPIRED, at)


def _end(checkouts: list[Checkout], state: str, at: datetime) -> int:
    keys = [checkout.pk for checkout in checkouts]
    with connection.cursor() as cursor:
        cursor.execute("select marketplace.end_reservations(%s, %s)", [keys, Reservation.State.RELEASED])
    Checkout.objects.filter(pk__in=keys).update(state=state, ended_at=at)
    _note(checkouts, state)
    return len(checkouts)


def _note(checkouts: Iterable[Checkout], state: str) -> None:
    audit.record_each(
        action="marketplace.stock.released",
        targets=[(checkout, {"because": state}) for checkout in checkouts],
    )


def _locked(checkout_id: UUID) -> Checkout:
    checkout = Checkout.objects.select_for_update(no_key=True).get(pk=checkout_id)
    if checkout.state != State.OPEN:
        raise CheckoutOver(state=checkout.state)
    return checkout
