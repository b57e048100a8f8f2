"""What the pages of an application share: whose they are, what is refused in words, what is found."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.models import Customer, KycApplication, User
from accounts.requests import PersonRequest
from accounts.services.kyc import overview
from accounts.services.kyc.applications import NoApplication, NotEditable
from accounts.services.kyc.moving import WrongState
from accounts.services.kyc.pace import TooOften
from core.actors import acting_as
from core.errors import DomainError

Page = Callable[..., HttpResponseBase]
STATUSES: dict[type[DomainError], HTTPStatus] = {
    NotEditable: HTTPStatus.CONFLICT,
    WrongState: HTTPStatus.CONFLICT,
    NoApplication: HTTPStatus.NOT_FOUND,
    TooOften: HTTPStatus.TOO_MANY_REQUESTS,
}


def kyc_page(view: Page) -> Page:
    """Mark a page of a customer's own application: no cache keeps it, and staff have none.

    What may not be done now is said on a page of its own.
    """

    @never_cache
    @wraps(view)
    def page(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with acting_as(request.user):
            if not Customer.objects.filter(pk=request.user.pk).exists():
                raise Http404
        try:
            return view(request, *args, **kwargs)
        except tuple(STATUSES) as refusal:
            return refused(request, refusal)

    return page


def refused(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """Say on a page why something cannot be done now."""
    with acting_as(request.user):  # type: ignore[arg-type]
        return render(request, "kyc/refused.html", {"refusal": refusal}, status=STATUSES[type(refusal)])


def own_open(user: User) -> KycApplication:
    """The customer's open application, as they may see it. Raises NoApplication."""
    latest = overview.latest_of(user)
    if latest is None or not latest.is_open:
        raise NoApplication
    return latest
