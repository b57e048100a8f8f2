"""Who the other side of a request is: their name, never what they hold."""

from collections.abc import Iterable
from uuid import UUID

from accounts.models import Profile
from accounts.models.people import address_of_avatar
from core.actors import acting_as_service
from wallet.services.counterparties import Party


def people_of(*, user_ids: Iterable[UUID]) -> dict[UUID, Party]:
    """Return these people by id. The caller takes the ids from requests that the person acting may see."""
    wanted = set(user_ids)
    if not wanted:
        return {}
    with acting_as_service():
        rows = Profile.objects.filter(pk__in=wanted).values_list("pk", "display_name", "handle", "avatar")
        return {pk: Party(name, handle, address_of_avatar(avatar)) for pk, name, handle, avatar in rows}
