"""What restricts a customer, said on their pages."""

from typing import Any

from django import template
from django.core.exceptions import ObjectDoesNotExist

from accounts.models import Customer
from accounts.services import status

register = template.Library()


@register.inclusion_tag("components/status_banner.html")
def status_banner(user: Any) -> dict[str, Any]:
    """Say plainly what is restricted, why, and what to do; nothing where nothing is, nor to who is no customer."""
    try:
        customer: Customer | None = user.customer if user.is_authenticated else None
    except ObjectDoesNotExist:
        customer = None
    return {"told": status.told_of(customer) if customer else None}
