"""The organisation whose keys and webhooks a person manages."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404

from accounts.models import Membership, Organization
from accounts.requests import PersonRequest


def managed(request: PersonRequest, slug: str) -> Organization:
    """The organisation in the address. Raises Http404 for strangers to it, PermissionDenied for members."""
    mine = Organization.objects.visible_to(request.user).filter(closed_at=None)
    organization: Organization = get_object_or_404(mine, slug=slug)
    if not organization.memberships.filter(user=request.user, role__in=Membership.MANAGERS).exists():
        raise PermissionDenied
    return organization
