"""What every API input is built from: serializers that refuse what they do not know, and amounts of money."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.money import MAX_AMOUNT

_UNKNOWN_LISTED = 20


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
