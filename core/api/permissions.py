"""Scopes: a token may do what it was given for; a person's own session may do all that the person may."""

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from core.errors import DomainError


class ScopeMissing(DomainError):
    """The token lacks the scope named in `data["scope"]`."""

    code = "scope_missing"
    kind = "forbidden"
    message = _("The token lacks a scope that this needs.")
    public = ("scope",)


class ScopeRequired(BasePermission):
    """Lets through whoever holds the view's `required_scope`. Raises ScopeMissing."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed: str = view.required_scope  # type: ignore[attr-defined]
        if request.auth is not None and needed not in request.auth.scopes:  # type: ignore[union-attr]
            raise ScopeMissing(_("The token lacks the scope %(scope)s.") % {"scope": needed}, scope=needed)
        return True
