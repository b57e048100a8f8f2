"""The site with two guarded doors: sending money, and an API view."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.step_up import StepUp, step_up_required
from config import urls
from core.actors import current_actor
from wallet.views import transfers

handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404


class Guarded(APIView):
    permission_classes = (IsAuthenticated, StepUp)
    schema = None

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


@step_up_required
def who(request: HttpRequest) -> HttpResponse:
    """Whom the database takes this for."""
    actor = current_actor()
    return HttpResponse(f"{request.method} {actor.role} {actor.user_id} {request.POST.get('said')}")


urlpatterns = [
    path("send/confirm/", step_up_required(transfers.confirm), name="send_confirm"),
    path("who/", who),
    path("api/v1/guarded/", Guarded.as_view()),
    *urls.urlpatterns,
]
