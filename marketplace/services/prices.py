"""What variants cost on which days, and what is kept of it."""

from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.money import MAX_AMOUNT
from marketplace.models import Price, Product
from marketplace.refusals import PriceInvalid
from marketplace.services.listing import keep_lowest, managed_variant

_KEEP = """
with changed as (
    select p.id, marketplace.lowest_price(p.id, %s) as now from marketplace_product p
    where p.state in ('LIVE', 'PAUSED', 'IN_REVIEW')
), stale as (
    select p.id, c.now from marketplace_product p join changed c on c.id = p.id
    where p.lowest_price is distinct from c.now order by p.id for no key update of p
)
update marketplace_product p
set lowest_price = s.now, state = case when s.now is null and p.state = 'LIVE' then 'PAUSED' else p.state end
from stale s where p.id = s.id
returning p.id, p.state, p.lowest_price
"""


def set_price(
    *, variant_id: UUID, by: User, amount: int, since: date, until: date | None = None, at: datetime
) -> Price:
    """Have a variant cost `amount` kobo from a day on, before another where one is named; other days keep their price.

    Days that are over keep theirs. Raises ProductNotFound, RoleNotEnough, PriceInvalid.
    """
    if not 1 <= amount <= MAX_AMOUNT or since < timezone.localdate(at) or (until and until <= since):
        raise PriceInvalid
    with acting_as_service(), transaction.atomic():
        variant = managed_variant(variant_id, by=by)
        valid = DateRange(since, until)
        for other in Price.objects.filter(variant=variant, valid__overlap=valid):
            _make_room(other, since, until)
        price = Price.objects.create(variant=variant, amount=amount, valid=valid)
        product = variant.product
        keep_lowest(product, at=at)
        product.save(update_fields=["lowest_price"])
        audit.record(
            action="marketplace.product.price_set",
            target=product,
            actor_id=by.pk,
            variant=str(variant.pk),
            amount=amount,
            since=since.isoformat(),
            until=until.isoformat() if until else None,
        )
    return price


def keep_prices(*, on: date) -> int:
    """Have each product keep what it costs from this day on, and return of how many that is new.

    One on sale whose last price has ended is paused: nobody could buy it.
    """
    with acting_as_service(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [on])
            rows = cursor.fetchall()
        ended = [Product(pk=key) for key, _state, lowest in rows if lowest is None]
        audit.record_each(
            action="marketplace.product.price_ended",
            targets=[(product, {"on": on.isoformat()}) for product in ended],
        )
    return len(rows)


def _make_room(other: Price, since: date, until: date | None) -> None:
    """Leave of a price what lies before and after the days that another takes."""
    begins, ends = other.valid.lower, other.valid.upper
    after = DateRange(until, ends) if until and (ends is None or ends > until) else None
    if begins < since:
        other.valid = DateRange(begins, since)
        other.save(update_fields=["valid"])
        if after:
            Price.objects.create(variant_id=other.variant_id, amount=other.amount, valid=after)
    elif after:
        other.valid = after
        other.save(update_fields=["valid"])
    else:
        other.delete()
