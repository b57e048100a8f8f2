"""On which days a customer's savings earn: on all, but those on which the customer wished for no interest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from savings.models import InterestChoice, UserSavings


@dataclass(frozen=True)
class Wishes:
    """What a customer chose, oldest first: from which day on savings earn, or do not."""

    choices: Sequence[tuple[date, bool]] = ()

    def earns_on(self, day: date) -> bool:
        return next((earns for since, earns in reversed(self.choices) if since <= day), True)

    def changes_after(self, day: date) -> list[date]:
        return [since for since, _earns in self.choices if since > day]


def wishes_of(saving_id: UUID) -> Wishes:
    """Return what the owner of a saving chose."""
    owner = UserSavings.objects.filter(pk=saving_id).values("user_id")
    return _wishes(user_id__in=owner)


def wishes_of_customer(user_id: UUID) -> Wishes:
    return _wishes(user_id=user_id)


def _wishes(**whose: object) -> Wishes:
    choices = InterestChoice.objects.filter(**whose).order_by("pk")
    return Wishes(tuple(choices.values_list("from_date", "earns")))
