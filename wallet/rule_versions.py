"""The dated rules of money on the staff's page of all rules."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.staff_versions import Version, register
from core.templatetags.money import money
from wallet import wording
from wallet.models import CoolingOffRule, FeeSchedule, ReversalRule, TierRule
from wallet.services.approved import rules

DAY = timedelta(days=1)


def _tiers() -> Iterator[Version]:
    found = TierRule.objects.order_by("currency", "tier", "-from_date")
    for key, versions in groupby(found, key=lambda rule: (rule.currency_id, rule.tier)):
        name = _("Tier %(tier)s, %(currency)s") % {"tier": key[1], "currency": key[0]}
        yield from _dated(name, versions, _limits)


def _limits(rule: TierRule) -> str:
    said = [
        f"{label}: {money(getattr(rule, field), rule.currency_id)}"
        for field, label in rules.AMOUNTS.items()
        if getattr(rule, field) is not None
    ]
    return "; ".join(said) or _("no limit")


def _prices() -> Iterator[Version]:
    found = FeeSchedule.objects.prefetch_related("rules").order_by("currency", "kind", "tier", "-from_date")
    for key, versions in groupby(found, key=lambda schedule: (schedule.get_kind_display(), schedule.tier)):
        tier = _("tier %(tier)s") % {"tier": key[1]} if key[1] is not None else _("all tiers")
        yield from _dated(f"{key[0]}, {tier}", versions, _charges)


def _charges(schedule: FeeSchedule) -> str:
    return "; ".join(wording.prices(schedule.tariff(), schedule.currency_id)) or _("nothing")


def _amounts(model: Any) -> Any:
    def versions() -> Iterator[Version]:
        found = model.objects.order_by("currency", "-from_date")
        for currency, same in groupby(found, key=attrgetter("currency_id")):
            yield from _dated(currency, same, lambda rule: money(rule.amount, rule.currency_id))

    return versions


def _dated(name: str, versions: Any, says: Any) -> Iterator[Version]:
    """Versions of one rule, newest first: each holds until the day before the one that followed it."""
    later = None
    for rule in versions:
        yield Version(name, rule, rule.from_date, later - DAY if later else None, says(rule))
        later = rule.from_date


TITLES: dict[Any, str | Promise] = {
    CoolingOffRule: gettext_lazy("Cooling off"),
    ReversalRule: gettext_lazy("What one person reverses alone"),
}
register(gettext_lazy("Limits of tiers"), TierRule, _tiers)
register(gettext_lazy("Fees"), FeeSchedule, _prices)
for model, title in TITLES.items():
    register(title, model, _amounts(model))
