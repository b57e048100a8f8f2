"""The site with two more API views that write for whoever calls by a key: in the request's transaction, and outside."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit, letters
from accounts.models import Organization
from config import urls
from core import idempotency
from core.actors import acting_as_anon, acting_as_service, outside_transaction
from core.api.views import ApiView
from core.errors import DomainError

handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
SCOPE = "organizations:write"
told: list[str] = []


class Refused(DomainError):
    code = "refused_here"


def rename(request: Request) -> str:
    """Write as a service does: rows, the trail, a letter and something to be done after the commit."""
    name = str(request.data["name"])
    with acting_as_service():
        firm = Organization.objects.get(pk=request.user.pk)
        firm.name = name
        firm.save(update_fields=["name"])
        audit.record(action="accounts.organization.renamed", target=firm)
        letters.send(template="organizations/email/removed", to="owner@alajo.test", organization=firm)
        transaction.on_commit(lambda: told.append(name), robust=True)
    with acting_as_service():
        return Organization.objects.get(pk=request.user.pk).name


class Rename(ApiView):
    schema = None
    required_scope = SCOPE

    def get(self, request: Request) -> Response:
        with acting_as_service():
            Organization.objects.filter(pk=request.user.pk).update(name="By GET")
        return Response({})

    def post(self, request: Request) -> HttpResponse:
        return idempotency.once(request, lambda _id: self._work(request))

    def _work(self, request: Request) -> Response:
        name = rename(request)
        if "fault" in request.data:
            raise RuntimeError
        if "refuse" in request.data:
            raise Refused
        return Response({"name": name}, status=201)


class Outside(ApiView):
    schema = None
    required_scope = SCOPE

    def perform_authentication(self, request: Request) -> None:
        with acting_as_anon():
            super().perform_authentication(request)

    def post(self, request: Request) -> HttpResponse:
        def begin() -> UUID:
            rename(request)
            return UUID(int=7)

        def shown(_id: UUID) -> Response:
            return Response({"name": Organization.objects.get().name}, status=201)

        return idempotency.once_outside(request, begin, self._finish, shown)

    def put(self, request: Request) -> Response:
        """As no view should: as the service, in a transaction of its own."""
        return Response({"name": rename(request)})

    def _finish(self, _id: UUID) -> Response:
        told.append("the outside world")
        return Response({"name": "finished"}, status=201)


outside: Any = outside_transaction(Outside.as_view())
urlpatterns = [path("api/v1/rename", Rename.as_view()), path("api/v1/outside", outside), *urls.urlpatterns]
