"""Looking a person up at sign-in happens before anyone is acting, so it is done as the service."""

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts.models import User
from core.actors import acting_as_service


class EmailBackend(AuthenticationBackend):
    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        with acting_as_service():
            found: AbstractBaseUser | None = super().authenticate(request, **credentials)
        return found

    def get_user(self, user_id: UUID | str) -> AbstractBaseUser | None:
        """Return who is signed in, with what every page asks of them: their name, and whether they are restricted.

        None for somebody who may come in no longer.
        """
        with acting_as_service():
            found = User.objects.select_related("profile", "customer").filter(pk=user_id).first()
        return found if found and self.user_can_authenticate(found) else None
