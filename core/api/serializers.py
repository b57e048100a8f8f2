"""What every API input is built from: serializers that refuse what they do not know, and amounts of money."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.money import MAX_AMOUNT

_UNKNOWN_LISTED = 20
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class StrictSerializer(serializers.Serializer[Any]):
    """An input: a field it does not declare, or only gives out, is an error by name beside the others."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown_fields(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **unknown}) from None  # type: ignore[dict-item]
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _unknown_fields(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        taken = {name for name, field in self.fields.items() if not field.read_only}
        unknown = (name for name in data if name not in taken)
        error = ErrorDetail(gettext("This field is not known here."), code="unknown_field")
        return {name: [error] for name in islice(unknown, _UNKNOWN_LISTED)}


class ObjectField(serializers.CharField):
    """Names the kind of the thing, the same for all of its kind."""

    def __init__(self, name: str) -> None:
        super().__init__(read_only=True)
        self.name = name

    def get_attribute(self, instance: Any) -> str:
        return self.name


class TextField(serializers.CharField):
    """Text and nothing else: a number is not turned into one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class MoneyField(serializers.Field[int, Any, int, Any]):
    """An amount in minor units: a JSON integer, by default from 1 up to what the ledger can hold."""

    default_error_messages = {
        "amount_invalid": _("An amount is an integer of the currency's minor unit."),
        "amount_fractional": _("An amount is in minor units: write it without point or exponent."),
        "amount_not_positive": _("An amount is at least {minimum}."),
        "amount_too_large": _("This amount is too large."),
    }

    def __init__(self, *, min_value: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.min_value = min_value

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, Decimal | float):
            self.fail("amount_fractional")
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("amount_invalid")
        if data < self.min_value:
            self.fail("amount_not_positive", minimum=self.min_value)
        if data > MAX_AMOUNT:
            self.fail("amount_too_large")
        return data

    def to_representation(self, value: int) -> int:
        return value


class InstantField(serializers.DateTimeField):
    """A moment: read as RFC 3339 with its offset, written in UTC."""

    default_error_messages = {
        "instant_invalid": _("A moment is written as 2026-01-31T09:30:00Z, with its offset.")
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        match = _RFC3339.fullmatch(value) if isinstance(value, str) else None
        try:
            # A leap second is the last second it follows: Python has no other place for it.
            text = re.sub(r"(:\d\d):60", r"\1:59", value.upper()) if match else ""
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("instant_invalid")
