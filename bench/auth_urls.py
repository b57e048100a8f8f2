"""Alajo's addresses, and one view twice: with authentication and without."""

from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from config.urls import urlpatterns as alajos
from core.api.views import ApiView
from wallet.api.scopes import ACCOUNTS_READ
from wallet.models import Currency


class Currencies(ApiView):
    schema = None
    required_scope = ACCOUNTS_READ

    def get(self, request: Request) -> Response:
        return Response({"object": "list", "data": [*Currency.objects.order_by("pk").values()]})


class OpenCurrencies(Currencies):
    authentication_classes = ()
    permission_classes = (AllowAny,)


urlpatterns = [
    path("api/v1/currencies", Currencies.as_view()),
    path("api/v1/open-currencies", OpenCurrencies.as_view()),
    *alajos,
]
