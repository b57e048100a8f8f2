"""The organisation a person works in just now, as their browser remembers it."""

from django.http import HttpRequest

from accounts.models import Organization

SESSION_KEY = "organization"


def current_organization(request: HttpRequest) -> Organization | None:
    """Return the organisation chosen in this browser, if its person still belongs to it; None for themselves."""
    chosen = request.session.get(SESSION_KEY)
    if not chosen or not request.user.is_authenticated:
        return None
    return Organization.objects.visible_to(request.user).open().filter(pk=chosen).first()


def choose(request: HttpRequest, organization: Organization | None) -> None:
    """Remember an organisation of this person's, or that they act for themselves again."""
    if organization:
        request.session[SESSION_KEY] = str(organization.pk)
    else:
        request.session.pop(SESSION_KEY, None)
