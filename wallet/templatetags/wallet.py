"""Small words of the wallet's pages: times in the reader's zone, and days by name."""

from contextlib import nullcontext
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.actors import acting_as, current_actor
from wallet import notices, wording
from wallet.models import Payment

register = template.Library()


@register.filter
def clock(moment: datetime) -> SafeString:
    """Return the time of day in the reader's zone, with the whole moment for machines."""
    return _time(moment, date_format(timezone.localtime(moment), "H:i"))


@register.filter
def moment(moment: datetime) -> SafeString:
    """Return day and time in the reader's zone, with the whole moment for machines."""
    return _time(moment, date_format(timezone.localtime(moment), "j F Y, H:i"))


@register.filter
def short_moment(moment: datetime) -> SafeString:
    """Return the time of day for today's moments, the day for older ones."""
    local = timezone.localtime(moment)
    today = timezone.localdate()
    if local.date() == today:
        return _time(moment, date_format(local, "H:i"))
    return _time(moment, date_format(local, "j M" if local.year == today.year else "j M Y"))


@register.filter
def plain_amount(amount: int) -> str:
    """Return kobo as digits for an input or an address: 500000 as 5000, 150 as 1.50."""
    whole, rest = divmod(amount, 100)
    return f"{whole}.{rest:02}" if rest else str(whole)


@register.filter
def day_name(day: date) -> str:
    """Return Today, Yesterday, or the day with its year only where that is not this one."""
    today = timezone.localdate()
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    return date_format(day, "l j F" if day.year == today.year else "l j F Y")


@register.simple_tag(takes_context=True)
def unread_notices(context: dict[str, Any]) -> str:
    """Return what the reader's badge says; a page that is drawn outside any actor asks as the reader."""
    user = context["user"]
    if not user.is_authenticated:
        return ""
    with nullcontext() if current_actor() else acting_as(user):
        return notices.unread_of(user)


@register.filter
def in_words(payment: Payment) -> wording.PaymentWords:
    """Return what to tell its customer about a payment."""
    return wording.payment(payment.state)


def _time(moment: datetime, text: str) -> SafeString:
    iso = timezone.localtime(moment).isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', iso, text)
