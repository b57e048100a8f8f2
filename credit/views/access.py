"""Whose application a page is about."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from accounts.requests import PersonRequest
from credit.models import Application


def own_application(request: PersonRequest, application_id: UUID) -> Application:
    """Return the person's application; another's is not found."""
    return get_object_or_404(Application.objects.visible_to(request.user), pk=application_id)
