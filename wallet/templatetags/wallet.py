"""Small words of the wallet's pages; those for times it has from core."""

from django import template

from core.templatetags import times
from wallet import wording
from wallet.fees import FeeLine
from wallet.models import Entry, Payment

register = template.Library()
register.filters.update(times.register.filters)


@register.filter
def plain_amount(amount: int) -> str:
    """Return kobo as digits for an input or an address: 500000 as 5000, 150 as 1.50."""
    whole, rest = divmod(amount, 100)
    return f"{whole}.{rest:02}" if rest else str(whole)


@register.filter
def line_name(line: FeeLine | Entry) -> wording.Words:
    """Return the name of a charge: fee, tax or duty."""
    return wording.kind(line.kind)


@register.filter
def in_words(payment: Payment) -> wording.PaymentWords:
    """Return what to tell its customer about a payment."""
    return wording.payment(payment.state)
