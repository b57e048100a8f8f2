"""What anyone may read of the API: its OpenAPI document, its documentation, a page for each code."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import outside_transaction
from core.api import catalogue
from core.api.views import RateLimited


class CompactRenderer(OpenApiJsonRenderer2):
    """Without the white space, which is a third of the document; a browser reads it all before it shows any."""

    def get_indent(self, accepted_media_type: str, renderer_context: Mapping[str, Any]) -> int | None:
        return None


class SchemaView(RateLimited):
    """The OpenAPI document: JSON, or YAML for whoever asks for that."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    metadata_class = None
    renderer_classes = (CompactRenderer, OpenApiYamlRenderer)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(_schema(get_language() or ""))


class DocsView(SpectacularSwaggerSplitView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    metadata_class = None
    url_name = "api_schema"
    template_name = "api/docs.html"


schema = outside_transaction(SchemaView.as_view())
docs = outside_transaction(DocsView.as_view())


@login_not_required
@require_safe
@outside_transaction
def error_list(request: HttpRequest) -> HttpResponse:
    return render(request, "api/errors.html", {"refusals": catalogue.refusals().values()})


@login_not_required
@require_safe
@outside_transaction
def error_page(request: HttpRequest, code: str) -> HttpResponse:
    refusal = catalogue.refusals().get(code)
    if refusal is None:
        raise Http404
    return render(request, "api/error.html", {"refusal": refusal})


@lru_cache(maxsize=8)
def _schema(_language: str) -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document
