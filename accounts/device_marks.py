"""A mark in each browser that signs in, so that two customers who use one device can be told.

The mark is chance, and tells nothing of the device. Neither the browser's name nor its address would do: one phone in
two sends the same name, and a mobile network lends thousands of customers one address.
"""

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import DeviceMark, User
from core.actors import acting_as_service
from core.encryption import blind_index

COOKIE = "device"
YEARS_2 = 2 * 365 * 24 * 3600
# Where people sign up and in.
WAYS_IN = "/accounts/"
_SALT = "accounts.device_marks"


class DeviceMarkMiddleware:
    """Gives a browser its mark on the pages by which people come in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(WAYS_IN) and not mark_of(request):
            response.set_cookie(
                COOKIE,
                signing.dumps(secrets.token_urlsafe(18), salt=_SALT),
                max_age=YEARS_2,
                httponly=True,
                samesite="Lax",
                secure=request.is_secure(),
            )
        return response


def mark_of(request: HttpRequest) -> str:
    """Return the mark a browser carries; nothing where it has none of ours."""
    try:
        return str(signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT))
    except signing.BadSignature:
        return ""


@receiver(user_logged_in, dispatch_uid="accounts.device_marks.seen")
def seen(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Note that this person came in by this browser."""
    mark = mark_of(request) if request else ""
    if mark:
        with acting_as_service():
            DeviceMark.objects.bulk_create(
                [DeviceMark(user=user, digest=blind_index(mark, purpose="device"), seen_at=timezone.now())],
                update_conflicts=True,
                unique_fields=["user", "digest"],
                update_fields=["seen_at"],
            )
