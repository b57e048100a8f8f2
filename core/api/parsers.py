"""JSON bodies, read strictly: what two readers could understand differently is refused by name."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO, NoReturn

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from core.api.problems import BodyTooLarge

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 20
# Beyond these a number is no quantity of anything, and arithmetic on it is an attack.
MAX_INTEGER_DIGITS = 100
MAX_EXPONENT = 308


class CompressedBody(UnsupportedMediaType):
    default_code = "compressed_body"
    default_detail = _("Compressed request bodies are not accepted.")

    def __init__(self) -> None:
        super().__init__("", detail=self.default_detail, code=self.default_code)


class NotUtf8(ParseError):
    default_code = "not_utf8"
    default_detail = _("The request body is not UTF-8.")


class MalformedJSON(ParseError):
    default_code = "malformed_json"
    default_detail = _("The request body is not JSON.")


class TooDeep(ParseError):
    default_code = "json_too_deep"
    default_detail = _("The request body is nested more than 20 levels deep.")


class DuplicateKey(ParseError):
    default_code = "duplicate_key"
    default_detail = _("An object in the request body names the same key twice.")


class NotANumber(ParseError):
    default_code = "not_a_number"
    default_detail = _("NaN and Infinity are not JSON numbers.")


class NumberOutOfRange(ParseError):
    default_code = "number_out_of_range"
    default_detail = _("A number in the request body is out of range.")


class NulCharacter(ParseError):
    default_code = "nul_character"
    default_detail = _("Text may not hold the NUL character.")


class UnpairedSurrogate(ParseError):
    default_code = "unpaired_surrogate"
    default_detail = _("Text may not hold half of a surrogate pair.")


class StrictJSONParser(BaseParser):
    """Reads at most 1 MB of UTF-8 JSON; numbers with a point or an exponent become Decimal, never float."""

    media_type = "application/json"

    def parse(  # type: ignore[override]
        self,
        stream: BinaryIO | HttpRequest,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body's value. Raises one of the problems above, by name."""
        request = (parser_context or {}).get("request")
        if request is not None:
            _check_headers(request.META)
        return load(_body(stream))


def load(raw: bytes) -> Any:
    """Return the value of a JSON text under the rules of this module."""
    if len(raw) > MAX_BODY_BYTES:
        raise BodyTooLarge
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise NotUtf8 from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise TooDeep from None
    except json.JSONDecodeError as error:
        raise MalformedJSON(
            _("The request body is not JSON: see line %(line)d, column %(column)d.")
            % {"line": error.lineno, "column": error.colno}
        ) from None
    _check(value)
    return value


def _check_headers(meta: Mapping[str, Any]) -> None:
    if meta.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in ("", "identity"):
        raise CompressedBody
    length = str(meta.get("CONTENT_LENGTH") or "0")
    if length.isdecimal() and int(length) > MAX_BODY_BYTES:
        raise BodyTooLarge


def _body(stream: BinaryIO | HttpRequest) -> bytes:
    # Through `body` the raw bytes stay readable: the fingerprint of an idempotent request needs them.
    return stream.body if isinstance(stream, HttpRequest) else stream.read(MAX_BODY_BYTES + 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise DuplicateKey
    return value


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        raise NumberOutOfRange
    return int(digits)


def _decimal(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise NumberOutOfRange from None
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise NumberOutOfRange
    return number


def _refuse_constant(_name: str) -> NoReturn:
    raise NotANumber


def _check(value: Any) -> None:
    """Walk the whole value, without recursion: its depth and its texts."""
    pending = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict | list):
            if depth > MAX_DEPTH:
                raise TooDeep
            inner = [*item, *item.values()] if isinstance(item, dict) else item
            pending.extend((each, depth + 1) for each in inner)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise NulCharacter
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UnpairedSurrogate
