"""What is sensitive asks once more who is there: the password or a second factor, within the last five minutes."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.requests import PersonRequest
from core.actors import acting_as_service

Page = Callable[..., HttpResponseBase]


def step_up_required(view: Page) -> Page:
    """Let a view run only for who proved who they are within `ACCOUNT_REAUTHENTICATION_TIMEOUT` seconds."""

    @wraps(view)
    def page(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with acting_as_service():
            proven = did_recently_reauthenticate(request)
            ways = [] if proven else get_adapter(request).get_reauthentication_methods(request.user)
        if proven:
            return view(request, *args, **kwargs)
        way = ways[0]["url"] if ways else reverse("account_login")
        return redirect(f"{way}?{urlencode({'next': request.path})}")

    return page
