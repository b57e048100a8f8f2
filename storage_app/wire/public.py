"""That we live: asked by whoever watches over an app."""

from django.http import HttpRequest, HttpResponse

from storage_app.wire.base import StorageView, told


class Status(StorageView):
    needs_bearer = at_once = False

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class Version(StorageView):
    needs_bearer = at_once = False

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("v1", content_type="text/plain")


class Health(StorageView):
    needs_bearer = at_once = False

    def get(self, request: HttpRequest) -> HttpResponse:
        return told({"healthy": True})
