"""Amounts in templates: `{{ amount|money:currency }}`, in the reader's language."""

from django import template
from django.utils.translation import get_language, to_locale

from core.money import DEFAULT_LOCALE, format_money

register = template.Library()


@register.filter
def money(amount: int, currency: str) -> str:
    """Return an amount of minor units as people write it."""
    return format_money(amount, currency, _locale())


@register.filter
def signed_money(amount: int, currency: str) -> str:
    """Return a movement: as `money`, with a plus when it is above zero."""
    return format_money(amount, currency, _locale(), sign=True)


def _locale() -> str:
    locale = to_locale(get_language() or "en")
    return DEFAULT_LOCALE if locale == "en" else locale
