"""What a request says, read strictly: a field of a wrong type is refused by name. What is null counts as not sent."""

import base64
import binascii
import json
from typing import Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from rest_framework.exceptions import APIException

from core.api import parsers, problems
from storage_app.wire.errors import BodyTooLarge, RequestRefused

T = TypeVar("T")
Body = dict[str, Any]
MOST_METADATA = 16 * 1024


def body_of_request(request: HttpRequest, *, nulls: bool = False) -> Body:
    """Return the JSON object of a request, empty where it has none; with what is null in it, if asked for.

    Raises RequestRefused.
    """
    try:
        value = parsers.load(request.body) if request.body.strip() else {}
    except (RequestDataTooBig, problems.BodyTooLarge):
        raise BodyTooLarge from None
    except UnreadablePostError:
        raise RequestRefused("Request body ended early") from None
    except APIException as error:
        raise RequestRefused(str(error.detail)) from None
    if not isinstance(value, dict):
        raise RequestRefused("body must be object")
    return {name: one for name, one in value.items() if nulls or one is not None}


def text(body: Body, name: str, default: str | None = None) -> str:
    """Return a field that must be text; one without a default must be there. Raises RequestRefused."""
    value = body.get(name, default)
    if value is None:
        raise RequestRefused(f"body must have required property '{name}'")
    if not isinstance(value, str):
        raise RequestRefused(f"body/{name} must be string")
    return value


def flag(body: Body, name: str, default: bool) -> bool:
    """Raises RequestRefused."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise RequestRefused(f"body/{name} must be boolean")
    return value


def number(facts: Body, name: str, default: int | None, *, least: int, most: int) -> int:
    """Return a whole number, which some clients send as text. Raises RequestRefused."""
    value = facts.get(name, default)
    if value is None:
        raise RequestRefused(f"body must have required property '{name}'")
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise RequestRefused(f"body/{name} must be integer")
    if not least <= value <= most:
        raise RequestRefused(f"body/{name} must be between {least} and {most}")
    return value


def choice(facts: Body, name: str, default: str, among: tuple[str, ...]) -> str:
    """Raises RequestRefused."""
    value = facts.get(name, default)
    if value not in among:
        raise RequestRefused(f"body/{name} must be one of {', '.join(among)}")
    return str(value)


def texts(body: Body, name: str, *, most: int) -> list[str]:
    """Return a list of texts, one at least. Raises RequestRefused."""
    value = body.get(name)
    if value is None:
        raise RequestRefused(f"body must have required property '{name}'")
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise RequestRefused(f"body/{name} must be array of strings")
    if not 1 <= len(value) <= most:
        raise RequestRefused(f"body/{name} must have 1 to {most} items")
    return value


def mapping(body: Body, name: str) -> Body:
    """Return an object in the body, empty where there is none. Raises RequestRefused."""
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise RequestRefused(f"body/{name} must be object")
    return {key: one for key, one in value.items() if one is not None}


def is_upsert(request: HttpRequest) -> bool:
    return request.headers.get("x-upsert", "").lower() == "true"


def user_metadata(header: str) -> Body | None:
    """Return what `x-metadata` says, which is base64 of JSON. Raises RequestRefused."""
    if not header:
        return None
    if len(header) > MOST_METADATA * 4 // 3 + 4:
        raise RequestRefused("metadata is too large", code="MetadataTooLarge")
    try:
        value = parsers.load(base64.b64decode(header, validate=True))
    except (APIException, binascii.Error):
        value = None
    if not isinstance(value, dict):
        raise RequestRefused("x-metadata must be base64 of a JSON object")
    # Numbers with a point were read as Decimal, which JSON does not know.
    kept: Body = json.loads(json.dumps(value, default=float))
    return kept
