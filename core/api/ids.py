"""Ids as clients see them: a prefix that says what the thing is, and 22 letters and digits (`acc_034nB…`)."""

import re
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.ids import base62

_DIGITS = {
    digit: value
    for value, digit in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
}
_BODY = re.compile(r"[0-9A-Za-z]{22}")


class UnknownId(ValueError):
    """The text is not an id of this kind."""


def encode(prefix: str, identifier: UUID) -> str:
    return f"{prefix}_{base62(identifier)}"


def decode(prefix: str, text: str) -> UUID:
    """Return the key in an id that `encode` made with this prefix. Raises UnknownId for any other text."""
    head, _underscore, body = text.partition("_")
    if head != prefix or not _BODY.fullmatch(body):
        raise UnknownId(text)
    number = 0
    for digit in body:
        number = number * 62 + _DIGITS[digit]
    if number >= 1 << 128:
        raise UnknownId(text)
    return UUID(int=number)


def pattern(prefix: str) -> str:
    return f"^{prefix}_[0-9A-Za-z]{{22}}$"


class IdField(serializers.Field[UUID, str, str, UUID]):
    """A prefixed id in a body: read as a UUID, written as text. Shape only: whose it is, the view asks."""

    default_error_messages = {
        "id_invalid": _("An id of this kind starts with {prefix}_ and has 22 characters more.")
    }

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return decode(self.prefix, data if isinstance(data, str) else "")
        except UnknownId:
            self.fail("id_invalid", prefix=self.prefix)

    def to_representation(self, value: UUID) -> str:
        return encode(self.prefix, value)
