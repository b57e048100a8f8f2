"""The names of merchants in a customer's history."""

from collections.abc import Iterable
from uuid import UUID

from core.actors import acting_as_service
from wallet.models import Merchant


def merchants_named(*, account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of the merchants that own these accounts. The caller takes the ids from a person's entries."""
    wanted = set(account_ids)
    if not wanted:
        return {}
    with acting_as_service():
        return dict(Merchant.objects.filter(account__in=wanted).values_list("account_id", "display_name"))
