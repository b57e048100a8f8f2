"""Background work of the shop. Any number may run at once, and be killed."""

from celery import shared_task
from django.utils import timezone

from marketplace.services import prices, stock


@shared_task
def release_reservations() -> None:
    """Give back what is set aside for checkouts that were not paid in time; as many runs as there are full ones."""
    while stock.release_expired(at=timezone.now()) == stock.AT_A_TIME:
        continue


@shared_task
def keep_prices() -> None:
    """Have products keep what they cost today; a run that finds nothing new changes nothing."""
    prices.keep_prices(on=timezone.localdate())
