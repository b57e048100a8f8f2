"""What the views of webhooks and events have in common: whose they are, and what may be asked."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.api.organizations.views import visible
from accounts.api.permissions import StepUp
from accounts.api.webhooks.scopes import WEBHOOKS_READ, WEBHOOKS_WRITE
from accounts.models import User
from core.actors import OrganizationCaller
from core.api.views import ApiView, ParametersInvalid


class WebhookView(ApiView):
    """Reading and writing have a scope each. What makes or moves a secret (`proven`) asks a person for a proof."""

    proven: ClassVar[tuple[str, ...]] = ()
    request: Request

    @property
    def required_scope(self) -> str:  # type: ignore[override]
        return WEBHOOKS_READ if self.request.method in SAFE_METHODS else WEBHOOKS_WRITE

    def get_permissions(self) -> list[Any]:
        permissions = [*super().get_permissions()]
        return [*permissions, StepUp()] if self.request.method in self.proven else permissions

    @property
    def caller(self) -> User | OrganizationCaller:
        return cast(User | OrganizationCaller, self.request.user)


def organization_asked(request: Request, asked: UUID | None, *, in_address: bool = False) -> UUID:
    """The organisation that a request is about: a key's own, or the one that a person names.

    Raises ValidationError where a person names none, Http404 where it is not theirs.
    """
    caller = request.user
    if isinstance(caller, OrganizationCaller):
        if asked not in (None, caller.pk):
            raise Http404
        return caller.pk
    if asked is None:
        problem = {"organization": [ErrorDetail(_("Say which organisation you mean."), code="required")]}
        raise (ParametersInvalid if in_address else ValidationError)(problem)
    if not visible(request).filter(pk=asked).exists():
        raise Http404
    return asked
