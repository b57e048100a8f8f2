"""Whose saving a page is about."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from accounts.requests import PersonRequest
from savings.models import UserSavings


def own_saving(request: PersonRequest, pk: UUID) -> UserSavings:
    """Return the person's saving with its plan, terms and account; another's is not found."""
    savings = UserSavings.objects.visible_to(request.user).select_related("plan", "terms", "account")
    return get_object_or_404(savings, pk=pk)
