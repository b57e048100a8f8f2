"""Times in the reader's zone, and days by name."""

from datetime import date, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

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
def day_name(day: date) -> str:
    """Return Today, Yesterday, or the day with its year only where that is not this one."""
    today = timezone.localdate()
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    return date_format(day, "l j F" if day.year == today.year else "l j F Y")


def _time(moment: datetime, text: str) -> SafeString:
    iso = timezone.localtime(moment).isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', iso, text)
