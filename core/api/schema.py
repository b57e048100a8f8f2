"""The OpenAPI document: what every operation has in common is added here, once."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, AllowAny

from core.api.ids import pattern
from core.api.problems import CODES, CONTENT_TYPE, STATUS_OF_KIND
from core.errors import DomainError
from core.money import MAX_AMOUNT


class FieldProblemSerializer(serializers.Serializer[Any]):
    """One thing that is wrong, and where: in the body by JSON pointer, or in the address by parameter."""

    pointer = serializers.CharField(required=False)
    parameter = serializers.CharField(required=False)
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request was not carried out (RFC 9457). Programs read `code`; new codes may appear."""

    type = serializers.URLField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldProblemSerializer(many=True)  # type: ignore[assignment]
    data = serializers.DictField(required=False)  # type: ignore[assignment]


class MoneyFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "core.api.serializers.MoneyField"

    def map_serializer_field(self, auto_schema: SpectacularSchema, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "integer", "format": "int64"}
        if direction == "request":
            schema |= {"minimum": self.target.min_value, "maximum": MAX_AMOUNT}
        return schema


class IdFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "core.api.ids.IdField"

    def map_serializer_field(self, auto_schema: SpectacularSchema, direction: str) -> dict[str, Any]:
        return {"type": "string", "pattern": pattern(self.target.prefix)}


class ObjectFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "core.api.serializers.ObjectField"

    def map_serializer_field(self, auto_schema: SpectacularSchema, direction: str) -> dict[str, Any]:
        return {"type": "string", "const": self.target.name}


def example(value: dict[str, Any], *, request: bool = False) -> OpenApiExample:
    """What an operation's body may look like: its response's, unless it is said to be the request's."""
    return OpenApiExample(
        "request" if request else "response",
        value=value,
        request_only=request,
        response_only=not request,
        status_codes=None if request else ["200", "201"],
    )


class AutoSchema(SpectacularSchema):
    """Adds what every operation has: its scope, the problems it can answer with, `Request-Id`, the rate
    limits, and `Idempotency-Key` where a view declares `idempotent = True`.

    A view names problems beyond the usual ones in `also_answers`; a permission names its own in `refusals`.
    """

    def get_override_parameters(self) -> list[Any]:
        own = [_REQUEST_ID, _RETRY_AFTER, _RATE_LIMIT, _RATE_LIMIT_POLICY, _MODE]
        prefix = getattr(self.view, "key_prefix", "")
        if prefix:
            own.append(_key_parameter(prefix))
        if self.method == "POST" and getattr(self.view, "idempotent", False):
            own += [_IDEMPOTENCY_KEY, _IDEMPOTENT_REPLAYED]
        return [*super().get_override_parameters(), *own]

    def get_description(self) -> str:  # type: ignore[override]
        scope = getattr(self.view, "required_scope", "")
        told = super().get_description()
        return f"{told}\n\n{_('Scope')}: `{scope}`." if scope else told

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:  # type: ignore[override]
        bodies: dict[str, Any] = super()._get_response_bodies(direction)  # type: ignore[arg-type]
        for status in self._problem_statuses():
            if str(status) not in bodies:
                answer = (_problem(status, self._refusals(status)), str(status), [CONTENT_TYPE], direction)
                bodies[str(status)] = self._get_response_for_code(*answer)  # type: ignore[no-untyped-call]
        return bodies

    def _refusals(self, status: int) -> list[type[DomainError]]:
        found = (getattr(one, "refusals", ()) for one in self.view.get_permissions())
        return [each for refusals in found for each in refusals if STATUS_OF_KIND[each.kind] == status]

    def _problem_statuses(self) -> list[int]:
        statuses = {400, 429, 500, *getattr(self.view, "also_answers", ())}
        if not any(isinstance(permission, AllowAny) for permission in self.view.get_permissions()):
            statuses |= {401, 403}
        if "{" in self.path:
            statuses.add(404)
        if self.method not in SAFE_METHODS:
            statuses |= {409, 422}
        if self.method in ("POST", "PUT", "PATCH"):
            statuses |= {413, 415}
        return sorted(statuses)


def share_parts(result: dict[str, Any], **_how: Any) -> dict[str, Any]:
    """Write each problem and each header once, for operations to refer to: spelled out, they are nine tenths."""
    components = result.setdefault("components", {})
    for operation in (each for path in result.get("paths", {}).values() for each in path.values()):
        responses = operation["responses"]
        for status, response in responses.items():
            headers = response.get("headers", {})
            for name, header in headers.items():
                headers[name] = _shared(components, "headers", name, header)
            if examples := response.get("content", {}).get(CONTENT_TYPE, {}).get("examples"):
                responses[status] = _shared(components, "responses", ".".join(examples), response)
    return result


def _shared(components: dict[str, Any], kind: str, name: str, part: dict[str, Any]) -> dict[str, Any]:
    """Return what refers to the part, or the part itself where another has its name."""
    if components.setdefault(kind, {}).setdefault(name, part) != part:
        return part
    return {"$ref": f"#/components/{kind}/{name}"}


def _key_parameter(prefix: str) -> OpenApiParameter:
    return OpenApiParameter("id", {"type": "string", "pattern": pattern(prefix)}, OpenApiParameter.PATH)


def _problem(status: int, refusals: list[type[DomainError]]) -> OpenApiResponse:
    code, title = CODES[status]
    told = [(code, title), *((refusal.code, refusal.message) for refusal in refusals)]
    return OpenApiResponse(
        ProblemSerializer,
        description=title,
        examples=[_problem_example(status, code, title) for code, title in told],
    )


def _problem_example(status: int, code: str, title: Any) -> OpenApiExample:
    value = {
        "type": f"https://alajo.example/api/errors/{code}",
        "title": title,
        "status": status,
        "detail": title,
        "instance": "/api/v1/accounts",
        "code": code,
        "request_id": "req_031s5xkq2m4GZbnVtHc8Ew",
        "errors": [],
    }
    return OpenApiExample(code, value=value, response_only=True)


_REQUEST_ID = OpenApiParameter(
    "Request-Id",
    str,
    OpenApiParameter.HEADER,
    response=True,
    description=_("The name of this request: quote it when asking for help."),
)
_RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    response=[409, 429, 503],
    description=_("Seconds to wait before trying again."),
)
_RATE_LIMIT = OpenApiParameter(
    "RateLimit",
    str,
    OpenApiParameter.HEADER,
    response=True,
    description=_(
        "How many requests are left (`r`) and in how many seconds there are more (`t`), by policy."
    ),
)
_RATE_LIMIT_POLICY = OpenApiParameter(
    "RateLimit-Policy",
    str,
    OpenApiParameter.HEADER,
    response=True,
    description=_("How many requests (`q`) each policy allows in how many seconds (`w`)."),
)
_MODE = OpenApiParameter(
    "Alajo-Mode",
    {"type": "string", "enum": ["test", "live"]},
    OpenApiParameter.HEADER,
    response=True,
    description=_("The mode of the key you called by: of what is done with a test key, nothing is kept."),
)
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    required=True,
    description=_(
        "A name you choose for this request. Sent again with the same body, it returns the first answer."
    ),
)
_IDEMPOTENT_REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    bool,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description=_("`true` when this is the answer to an earlier request with the same key."),
)
