"""The base of every view under /api/v1: who asks, how often, and that nothing sent is silently ignored."""

from typing import Any, TypeVar
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from core.actors import OrganizationCaller
from core.api import ids, ratelimit
from core.api.permissions import HasScope

Input = TypeVar("Input", bound=Serializer[Any])


class AlwaysJson(BaseContentNegotiation):
    """One format: an `Accept` header that wants another is answered in JSON all the same."""

    def select_parser(self, request: Request, parsers: list[BaseParser]) -> BaseParser | None:  # type: ignore[override]
        media = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media), None)

    def select_renderer(  # type: ignore[override]
        self, request: Request, renderers: list[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


MODE = "Alajo-Mode"


class RateLimited(APIView):
    """Counts each request, and says on each reply how the caller stands, and in which mode their key is."""

    rate_policies: tuple[str, ...] = ()
    counts: tuple[ratelimit.Count, ...] = ()

    def perform_authentication(self, request: Request) -> None:
        """Learn who asks, and count it; a refused sign-in counts against its address. Raises Throttled."""
        known = False
        try:
            super().perform_authentication(request)
            known = request.user is not None
        finally:
            counts = ratelimit.hit(request, policies=self.rate_policies, known=known)
            self.counts = tuple(counts)
            ratelimit.refuse_if_used_up(counts)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in ratelimit.headers(list(self.counts)).items():
            response.headers[name] = value
        caller = getattr(request, "_user", None)  # `request.user` would ask who it is once more
        if isinstance(caller, OrganizationCaller):
            response.headers[MODE] = caller.mode.lower()
        return response


class ApiView(RateLimited, GenericAPIView[Any]):
    """Names its `required_scope`, the `key_prefix` of the id in its address, and what a list may be asked
    (`filter_serializer`).
    """

    permission_classes: tuple[type[BasePermission], ...] = (IsAuthenticated, HasScope)
    content_negotiation_class = AlwaysJson
    metadata_class = None
    required_scope = ""
    key_prefix = ""
    idempotent = False
    paging = ("limit", "starting_after", "ending_before")
    filter_serializer: type[Serializer[Any]] | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self._refuse_unknown_parameters(request)

    def _refuse_unknown_parameters(self, request: Request) -> None:
        known = {*(self.filter_serializer().fields if self.filter_serializer else ())}
        known |= {*self.paging} if self.pagination_class else set()
        errors = {}
        for name, values in request.query_params.lists():
            if name not in known:
                errors[name] = [ErrorDetail(_("This parameter is not known here."), code="unknown_parameter")]
            elif len(values) > 1:
                errors[name] = [
                    ErrorDetail(_("This parameter may be given once."), code="duplicate_parameter")
                ]
        if errors:
            raise ParametersInvalid(errors)

    def filters(self) -> dict[str, Any]:
        """The list's filters as asked for. Raises ValidationError by parameter."""
        if self.filter_serializer is None:
            return {}
        asked = {name: value for name, value in self.request.query_params.items() if name not in self.paging}
        serializer = self.filter_serializer(data=asked)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def body(self, serializer_class: type[Input]) -> dict[str, Any]:
        """The request's body as the serializer reads it. Raises ValidationError by JSON pointer."""
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def key(self) -> UUID:
        """The key in the address. A malformed id is as unknown as one never given: raises Http404."""
        try:
            return ids.decode(self.key_prefix, self.kwargs["id"])
        except ids.UnknownId:
            raise Http404 from None


class ParametersInvalid(ValidationError):
    """What is wrong stands in the address, also where the request has a body."""

    in_address = True
