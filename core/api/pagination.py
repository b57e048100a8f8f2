"""Lists by cursor: newest first, walked by the key of a row that the client has seen. No offset, no total.

A cursor is the value of the ordering field itself, so a page needs no state, and a row that has gone since
still marks its place. The field must be unique within the list; rows added during a walk neither shift nor
repeat anything.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import ids

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class CursorPagination(BasePagination):
    """Pages of a queryset along the view's `cursor_field`, a field of the model (`id` unless it says so).

    Where a view gives its ids out with a prefix, it names that as `cursor_prefix`, and cursors carry it too.
    """

    has_more = False

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return one page, newest first. Raises ValidationError for a limit or a cursor that cannot be."""
        field, prefix = cursor_field_of(view), cursor_prefix_of(view)
        limit = _limit(request)
        after, before = (request.query_params.get(name) for name in ("starting_after", "ending_before"))
        if after is not None and before is not None:
            raise _refusal(
                "ending_before", "cursor_ambiguous", _("Give starting_after or ending_before, not both.")
            )
        if before is not None:
            newer = queryset.filter(
                **{f"{field}__gt": _cursor(queryset, field, prefix, "ending_before", before)}
            )
            return self._page(newer.order_by(field), limit)[::-1]
        if after is not None:
            seen = _cursor(queryset, field, prefix, "starting_after", after)
            queryset = queryset.filter(**{f"{field}__lt": seen})
        return self._page(queryset.order_by(f"-{field}"), limit)

    def _page(self, ordered: QuerySet[Any], limit: int) -> list[Any]:
        rows = list(ordered[: limit + 1])
        self.has_more = len(rows) > limit
        return rows[:limit]

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"object": "list", "data": data, "has_more": self.has_more})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["object", "data", "has_more"],
            "properties": {
                "object": {"type": "string", "const": "list", "example": "list"},
                "data": schema,
                "has_more": {
                    "type": "boolean",
                    "example": True,
                    "description": _("Whether the walk goes on from here."),
                },
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        field = cursor_field_of(view)
        older = _("The %(field)s of the last item seen: returns the items older than it.") % {"field": field}
        newer = _("The %(field)s of the first item seen: returns the items newer than it.") % {"field": field}
        limits = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            _parameter("limit", limits, _("How many items to return.")),
            _parameter("starting_after", _cursor_schema(view), older),
            _parameter("ending_before", _cursor_schema(view), newer),
        ]


def cursor_field_of(view: APIView | None) -> str:
    return getattr(view, "cursor_field", "id")


def cursor_prefix_of(view: APIView | None) -> str:
    return getattr(view, "cursor_prefix", "")


def _cursor_schema(view: APIView) -> dict[str, Any]:
    prefix = cursor_prefix_of(view)
    if prefix:
        return {"type": "string", "pattern": ids.pattern(prefix)}
    integer = cursor_field_of(view) == "version"
    return {"type": "integer", "minimum": 1, "maximum": 2**63 - 1} if integer else {"type": "string"}


def _limit(request: Request) -> int:
    text = request.query_params.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise _refusal(
            "limit", "limit_invalid", _("A limit is a number from 1 to %(max)d.") % {"max": MAX_LIMIT}
        )
    return int(text)


def _cursor(queryset: QuerySet[Any], field: str, prefix: str, parameter: str, text: str) -> Any:
    try:
        if prefix:
            return ids.decode(prefix, text)
        return queryset.model._meta.get_field(field).clean(text, None)  # type: ignore[union-attr]
    except (DjangoValidationError, ids.UnknownId):
        raise _refusal(
            parameter, "cursor_invalid", _("This is not the key of an item in this list.")
        ) from None


def _refusal(parameter: str, code: str, message: str) -> ValidationError:
    return ValidationError({parameter: [ErrorDetail(message, code=code)]})


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
