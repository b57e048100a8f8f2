"""What goes in (strictly) and what comes out. Amounts are in minor units."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer, TextField
from wallet.api.serializers import ACCOUNT, TRANSFER, CurrencyField, OpenEnumField, PersonSerializer
from wallet.services.requests.answering import LONGEST_WORDS
from wallet.services.transfers import LONGEST_NOTE

REQUEST = "prq"


class RequestSerializer(serializers.Serializer[Any]):
    """One person asks another. `direction` and `person` are as the caller sees it."""

    id = IdField(REQUEST)
    object = ObjectField("payment_request")
    direction = OpenEnumField(help_text=_("OUTGOING: you ask. INCOMING: you are asked."))
    person = PersonSerializer(allow_null=True)
    amount = MoneyField()
    currency = serializers.CharField(help_text=_("ISO 4217."))
    note = serializers.CharField()
    state = OpenEnumField(help_text=_("OPEN, PAID, DECLINED, CANCELLED, EXPIRED."))
    transfer = IdField(TRANSFER, allow_null=True, help_text=_("By which it was paid."))
    created_at = InstantField()
    expires_at = InstantField()
    ended_at = InstantField(allow_null=True)


class RequestInput(StrictSerializer):
    recipient = TextField(max_length=254, help_text=_("A handle, with or without @, or an e-mail address."))
    amount = MoneyField()
    currency = CurrencyField()
    note = TextField(max_length=LONGEST_NOTE, required=False, allow_blank=True, default="")
    expires_at = InstantField(required=False, help_text=_("Left out: in 14 days."))


class PayInput(StrictSerializer):
    source = IdField(ACCOUNT)  # type: ignore[assignment]


class DeclineInput(StrictSerializer):
    words = TextField(max_length=LONGEST_WORDS, required=False, allow_blank=True, default="")


class RequestFilter(StrictSerializer):
    direction = serializers.ChoiceField(choices=["INCOMING", "OUTGOING"], required=False)
    state = serializers.RegexField(r"^[A-Z_]{1,20}$", required=False, trim_whitespace=False, max_length=20)
