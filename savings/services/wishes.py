"""On which days a customer's savings earn: on all, but those on which the customer wished for no interest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from savings.interest import HIGHEST, Terms
from savings.models import InterestChoice, UserSavings
from savings.penalties import lowered


@dataclass(frozen=True)
class Wishes:
    """What a customer chose, oldest first: from which day on savings earn, or do not."""

    choices: Sequence[tuple[date, bool]] = ()

    def earns_on(self, day: date) -> bool:
        return next((earns for since, earns in reversed(self.choices) if since <= day), True)

    def by_day(self, rule: Terms, *, start: date) -> dict[date, Terms]:
        """Return a rule by the days from which it holds, the first of them `start`: where nothing earns, at no rate."""
        none = lowered(rule, HIGHEST)
        changes = {max(since, start): earns for since, earns in self.choices}
        return {start: rule} | {day: rule if earns else none for day, earns in changes.items()}


def wishes_of(saving_id: UUID) -> Wishes:
    """Return what the owner of a saving chose."""
    owner = UserSavings.objects.filter(pk=saving_id).values("user_id")
    choices = InterestChoice.objects.filter(user_id__in=owner).order_by("pk")
    return Wishes(tuple(choices.values_list("from_date", "earns")))


def earns_now(user_id: UUID) -> bool:
    """Whether a customer's savings earn by the last they chose: they do, unless the customer wished otherwise."""
    choices = InterestChoice.objects.filter(user_id=user_id).order_by("-pk")
    return choices.values_list("earns", flat=True).first() is not False
