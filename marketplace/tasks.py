"""Background work of the shop. Any number may run at once, and be killed."""

from celery import shared_task
from django.utils import timezone

from marketplace.services import prices, stock
from marketplace.services.fulfilling import complete_next
from marketplace.services.lapsing import lapse_next


@shared_task
def release_reservations() -> None:
    """End checkouts that were not paid in time; as many runs as there are full ones."""
    while stock.release_expired(at=timezone.now()) == stock.AT_A_TIME:
        continue


@shared_task
def move_orders_on() -> None:
    """Take the steps that orders take by themselves: what nobody sent ends, what nobody objects to is paid."""
    while lapse_next(at=timezone.now()) or complete_next(at=timezone.now()):
        continue


@shared_task
def keep_prices() -> None:
    """Have products keep what they cost today; a run that finds nothing new changes nothing."""
    prices.keep_prices(on=timezone.localdate())
