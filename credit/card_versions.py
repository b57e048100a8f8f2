"""Scorecards on the staff's page of all rules."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.staff_versions import Version, register
from credit.models import ScorecardVersion


def _cards() -> Iterator[Version]:
    later: date | None = None
    for version in ScorecardVersion.objects.order_by("-from_date"):
        last = later - timedelta(days=1) if later else None
        facts = {
            "cut_off": version.card["cut_off"],
            "factors": len(version.card["characteristics"]),
            "rules": len(version.card["rules"]),
        }
        says = _("Cut-off %(cut_off)d, %(factors)d factors, %(rules)d hard rules") % facts
        yield Version(str(version), version, version.from_date, last, says)
        later = version.from_date


register(gettext_lazy("Scorecards"), ScorecardVersion, _cards)
