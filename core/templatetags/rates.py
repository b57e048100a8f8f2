"""Rates as people write them."""

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def percent(rate: Decimal) -> str:
    """Return percent as people write it: 9.5000 as 9.5%, 10.4713 as 10.47%."""
    text = f"{rate:.2f}".rstrip("0").rstrip(".")
    return f"{text}%"
