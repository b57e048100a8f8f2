from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class PersonRequest(HttpRequest):
    """What a view gets behind the middleware that asks everyone to sign in."""

    user: User
    htmx: HtmxDetails
