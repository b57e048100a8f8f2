"""What is set aside for checkouts, and sold or given back.

The order of locks, everywhere in the shop: cart, checkout, orders by id, promotions by id, variants by id (SQL), then
ledger accounts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, Sum

from accounts import audit
from core.actors import acting_as_service
from marketplace.models import Checkout, Order, Promotion, PromotionUse, Reservation
from marketplace.order_refusals import CheckoutNotFound
from marketplace.pricing import checked
from marketplace.refusals import CheckoutOver, NotEnoughStock
from marketplace.services.steps import step_many
from marketplace.states import Actor, Event

AT_A_TIME = 200
State = Checkout.State


def reserve(*, checkout_id: UUID, wanted: Mapping[UUID, int], at: datetime) -> None:
    """Set aside so many pieces of each variant for a checkout until it expires: all of them, or none.

    Once it has anything set aside, the same checkout sets nothing more aside. Raises QuantityRefused, CheckoutOver,
    NotEnoughStock.
    """
    quantities = [checked(quantity) for quantity in wanted.values()]
    with acting_as_service():
        checkout = lock_open(checkout_id)
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


def sell(checkout: Checkout) -> None:
    """Take what is set aside for a locked checkout out of the stock: it is paid. Needs a transaction."""
    _end_reservations([checkout], Reservation.State.SOLD)


def leave(*, checkout_id: UUID, customer_id: UUID, at: datetime) -> None:
    """End a checkout that its customer does not go on with. Raises CheckoutNotFound, CheckoutOver."""
    with acting_as_service():
        checkout = lock_open(checkout_id, customer_id=customer_id)
        _end([checkout], State.CANCELLED, Event.CANCEL, Actor.BUYER, at)


def release_expired(*, at: datetime) -> int:
    """End checkouts that were not paid in time; return how many.

    At most `AT_A_TIME` in one go, the longest over first. Those that somebody is busy with are left to the next run.
    """
    with acting_as_service():
        due = Checkout.objects.select_for_update(no_key=True, skip_locked=True)
        over = list(due.filter(state=State.OPEN, expires_at__lte=at).order_by("expires_at", "id")[:AT_A_TIME])
        _end(over, State.EXPIRED, Event.LAPSE, Actor.SYSTEM, at)
        return len(over)


def lock_open(checkout_id: UUID, *, customer_id: UUID | None = None) -> Checkout:
    """Lock a checkout that goes on, of this customer where one is named. Needs a transaction.

    Raises CheckoutNotFound, CheckoutOver.
    """
    found = Checkout.objects.select_for_update(no_key=True).filter(pk=checkout_id)
    if customer_id is not None:
        found = found.filter(customer=customer_id)
    checkout = found.first()
    if checkout is None:
        raise CheckoutNotFound
    if checkout.state != State.OPEN:
        raise CheckoutOver(state=checkout.state)
    return checkout


def _end(checkouts: Sequence[Checkout], state: str, event: Event, who: Actor, at: datetime) -> None:
    """End locked checkouts with their orders; the goods, and what promotions gave, are there for others again."""
    keys = [checkout.pk for checkout in checkouts]
    orders = Order.objects.select_for_update(of=("self",), no_key=True).filter(checkout__in=keys)
    step_many(orders.select_related("seller", "delivery_option").order_by("pk"), event, who=who, at=at)
    uses = PromotionUse.objects.filter(checkout__in=keys, returned_at=None)
    given = uses.values_list("promotion").annotate(Sum("amount")).order_by("promotion")
    for promotion_id, amount in given:
        Promotion.objects.filter(pk=promotion_id).update(given=F("given") - amount)
    uses.update(returned_at=at)
    _end_reservations(checkouts, Reservation.State.RELEASED)
    Checkout.objects.filter(pk__in=keys).update(state=state, ended_at=at)
    audit.record_each(
        action="marketplace.stock.released",
        targets=[(checkout, {"because": state}) for checkout in checkouts],
    )


def _end_reservations(checkouts: Sequence[Checkout], state: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select marketplace.end_reservations(%s, %s)", [[one.pk for one in checkouts], state])
