"""A saving's closed days, read back: found by their ids, and how it stood at the beginning of one of them."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from savings import interest
from savings.interest import Every, Standing, Terms
from savings.models import Accrual, PlanTerms, UserSavings
from savings.penalties import lowered
from savings.services.wishes import Wishes

DAY = timedelta(days=1)


def standing_at(saving: UserSavings, day: date) -> Standing:
    """Return how a saving stood when a day began, from the days before it as they were closed."""
    since, now = _base(saving, day)
    rows = list(Accrual.objects.of(saving, since=since, before=day).order_by("pk"))
    every = _capitalised(rows)
    for row in rows:
        capital = now.capital
        if interest.ends_on(every[row.terms_id], row.day):
            capital = max(row.carry + row.paid, interest.ZERO)
        if row.paid:
            capital = max(min(capital, row.carry), interest.ZERO)
        now = Standing(row.balance + row.paid - row.tax, row.carry, capital)
    return now


def _base(saving: UserSavings, day: date) -> tuple[date, Standing]:
    """Where to begin: with the saving itself, or where a correction of closed days has it stand anew."""
    assert saving.opened_on is not None  # it has days
    found = saving.replays.filter(stands_from__lte=day).order_by("-stands_from", "-pk").first()
    if found is None or found.stands_from is None:
        return saving.opened_on, Standing(0, interest.ZERO - saving.paid_at_start)
    return found.stands_from, Standing(found.balance, found.carry, found.capital)


def _capitalised(rows: Iterable[Accrual]) -> dict[UUID, Every]:
    terms = PlanTerms.objects.filter(pk__in={row.terms_id for row in rows})
    return {pk: Every(every) for pk, every in terms.values_list("pk", "capitalised")}


def terms_by_day(rows: Iterable[Accrual], *, term: int, wishes: Wishes) -> dict[date, Terms]:
    """Return the terms that days were closed under, by the first day of each; without interest, their rates are nil."""
    rows = list(rows)
    found = PlanTerms.objects.filter(pk__in={row.terms_id for row in rows}).prefetch_related("rates")
    terms = {version.pk: version.for_term(term) for version in found}
    none = {pk: lowered(version, interest.HIGHEST) for pk, version in terms.items()}
    by_day: dict[date, Terms] = {}
    last: Terms | None = None
    for row in rows:
        now = (terms if wishes.earns_on(row.day) else none)[row.terms_id]
        if now is not last:
            by_day[row.day] = last = now
    return by_day
