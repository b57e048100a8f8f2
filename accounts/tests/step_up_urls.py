"""The site with two more guarded doors: a page, and an API view."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import StepUp
from accounts.step_up import step_up_required
from config import urls
from core.actors import current_actor

handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404


class Guarded(APIView):
    permission_classes = (IsAuthenticated, StepUp)
    required_scope = "accounts:read"
    schema = None

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


@step_up_required
def who(request: HttpRequest) -> HttpResponse:
    """Whom the database takes this for."""
    actor = current_actor()
    return HttpResponse(f"{request.method} {actor.role} {actor.user_id} {request.POST.get('said')}")


urlpatterns = [
    path("who/", who),
    path("api/v1/guarded/", Guarded.as_view()),
    *urls.urlpatterns,
]
