"""What a customer's tier lets them move, what the next one would, and transfers that a limit stopped."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.services import kyc
from core.errors import DomainError
from wallet import services
from wallet.models import PausedTransfer, TierRule
from wallet.services import Limits
from wallet.views.access import own_wallet, wallet_page

HOUR = timedelta(hours=1)
SHOWN = 10


@dataclass(frozen=True)
class Line:
    """One limit on the page, in minor units: `used` is None where nothing is counted, `limit` where there is none."""

    name: str | Promise
    limit: int | None
    used: int | None = None
    resets_in: str = ""

    @property
    def left(self) -> int:
        return max(0, (self.limit or 0) - (self.used or 0))

    @property
    def percent(self) -> int:
        return min(100, ceil(100 * (self.used or 0) / self.limit)) if self.limit else 100


@wallet_page
@require_safe
def limits(request: PersonRequest) -> HttpResponse:
    """The present tier with what is used of it, and the tier above."""
    wallet, at = own_wallet(request.user), timezone.now()
    now = services.limits_of(account=wallet, at=at)
    rules = services.rules_on(currency=wallet.currency_id, at=at)
    above = next((rule for tier, rule in rules.items() if tier > now.tier), None)
    context = {
        "wallet": wallet,
        "limits": now,
        "lines": lines_of(now, at=at),
        "above": above,
        "requirements": requirements_of(above, request.user, at=at) if above else [],
        "paused": offers_of(request.user, at=at),
        "source": rules[now.tier].source if now.tier in rules else "",
    }
    return render(request, "wallet/limits.html", context)


@wallet_page
@require_POST
def dismiss(request: PersonRequest, paused_id: UUID) -> HttpResponse:
    paused = get_object_or_404(PausedTransfer.objects.visible_to(request.user), pk=paused_id)
    try:
        services.dismiss_paused(paused=paused, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.info(request, _("The transfer is not kept any more. Nothing was sent."))
    return redirect("limits")


def lines_of(limits: Limits, *, at: datetime) -> list[Line]:
    lines = []
    resets = until_midnight(limits.resets_at, at=at) if limits.resets_at else ""
    for name, counter in (
        (gettext_lazy("Sending in a day"), limits.sending),
        (gettext_lazy("Receiving in a day"), limits.receiving),
    ):
        if counter:
            lines.append(Line(name, counter.limit, counter.used, resets))
    lines.append(Line(gettext_lazy("In one transfer"), limits.single_amount))
    lines.append(Line(gettext_lazy("Kept in your account"), limits.balance_cap, limits.balance))
    return lines


def until_midnight(moment: datetime, *, at: datetime) -> str:
    """How long a day's limit still runs: in hours, and in minutes when it is less than one."""
    left = max(moment - at, timedelta())
    if left < HOUR:
        minutes = ceil(left.total_seconds() / 60)
        return ngettext("in %(n)s minute", "in %(n)s minutes", minutes) % {"n": minutes}
    hours = round(left / HOUR)
    return ngettext("in %(n)s hour", "in %(n)s hours", hours) % {"n": hours}


def requirements_of(rule: TierRule, user: User, *, at: datetime) -> list[kyc.Requirement]:
    """What a tier asks for, in order, each with how far this customer is with it."""
    return kyc.requirement_states(user=user, tier=rule.tier, on=timezone.localdate(at))


def offers_of(user: User, *, at: datetime) -> list[dict[str, Any]]:
    """A customer's waiting transfers, newest first, each with whether it would go through now."""
    waiting = list(
        PausedTransfer.objects.visible_to(user).waiting(at).select_related("source").order_by("-pk")[:SHOWN]
    )
    limits = {paused.source_id: paused.source for paused in waiting}
    found = {pk: services.limits_of(account=source, at=at) for pk, source in limits.items()}
    return [
        {"transfer": paused, "fits": found[paused.source_id].refusal_of(paused.amount) is None}
        for paused in waiting
    ]
