"""Whom a search on the staff pages means."""

from django.db.models import QuerySet

from accounts.models import User
from core.staff import as_uuid


def people(term: str) -> QuerySet[User]:
    """The people a search means: by id, by the start of an e-mail address, or by handle with its @."""
    key = as_uuid(term)
    if key:
        return User.objects.filter(pk=key)
    if term.startswith("@"):
        return User.objects.filter(profile__handle=term[1:].lower())
    return User.objects.filter(email__startswith=term.lower())
