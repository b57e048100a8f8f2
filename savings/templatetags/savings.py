"""Small words of the pages about savings; those for times it has from core."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.templatetags import rates, times
from wallet.templatetags.wallet import plain_amount

register = template.Library()
register.filters.update(times.register.filters)
register.filters.update(rates.register.filters)
register.filter("plain_amount", plain_amount)

KOBO = 100


@register.filter
def to_the_end(amount: Decimal) -> SafeString:
    """Return an amount of kobo with all its places in naira: what is below a kobo small, so that a list adds up."""
    whole = int(amount)
    rest = f"{abs(amount - whole):.10f}"[2:].rstrip("0")
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    naira, kobo = divmod(abs(whole), KOBO)
    return format_html(
        '<span class="amount">{}₦{}.{}<span class="tail">{}</span></span>',
        sign,
        f"{naira:,}",
        f"{kobo:02}",
        rest,
    )
