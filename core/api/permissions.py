"""Scopes: a key or an app may do what it was given for; a person's own token may do all that the person may."""

from collections.abc import Container
from typing import Protocol, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from core.errors import DomainError


class Credential(Protocol):
    """What `request.auth` is: by what the caller is known, and what it was given for."""

    @property
    def pk(self) -> UUID: ...

    @property
    def scopes(self) -> Container[str]: ...


class ScopeMissing(DomainError):
    """The key or token lacks the scope named in `data["scope"]`."""

    code = "scope_missing"
    kind = "forbidden"
    message = _("The key or token lacks a scope that this needs.")
    public = ("scope",)


class HasScope(BasePermission):
    """Lets through whoever holds the view's `required_scope`, where it names one. Raises ScopeMissing."""

    refusals = (ScopeMissing,)

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed: str = view.required_scope  # type: ignore[attr-defined]
        if needed and needed not in cast(Credential, request.auth).scopes:
            raise ScopeMissing(
                _("The key or token lacks the scope %(scope)s.") % {"scope": needed}, scope=needed
            )
        return True
