"""What goes in (strictly) and what comes out about saving automatically. Amounts are in minor units."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer
from savings.events import AUTOMATIC, MOVEMENT, SAVING
from savings.models import AutoRun, AutoSaving
from wallet.api.serializers import CurrencyField, OpenEnumField

AMOUNT = _(
    "RHYTHM: what is saved each time. ROUND_UP: to which multiple each payment is rounded. SWEEP: what is left in "
    "the wallet."
)


class AutomaticSavingSerializer(serializers.Serializer[AutoSaving]):
    """How a saving is paid into by itself. Dates are days in Lagos."""

    id = IdField(AUTOMATIC)
    object = ObjectField("automatic_saving")
    saving = IdField(SAVING, source="saving_id")
    kind = OpenEnumField(help_text=_("RHYTHM, ROUND_UP, SWEEP."))
    rhythm = OpenEnumField(help_text=_("DAILY, WEEKLY, MONTHLY."))
    amount = MoneyField(help_text=AMOUNT)
    currency = serializers.CharField(source="saving.plan.currency_id", help_text=_("ISO 4217."))
    follows_target = serializers.BooleanField(
        help_text=_("Whether what is missing of the target is shared out over the days that are left.")
    )
    first_date = serializers.DateField()
    next_date = serializers.DateField(allow_null=True)
    state = OpenEnumField(help_text=_("ACTIVE, PAUSED, ENDED."))
    reason = serializers.CharField()
    created_at = InstantField(source="made_at")
    ended_at = InstantField(allow_null=True)


class AutomaticSavingInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=AutoSaving.Kind.values)
    rhythm = serializers.ChoiceField(
        choices=AutoSaving.Rhythm.values, required=False, default=AutoSaving.Rhythm.DAILY
    )
    amount = MoneyField(
        min_value=0, required=False, default=0, help_text=_("Not looked at where it follows the target.")
    )
    currency = CurrencyField()
    first_date = serializers.DateField(help_text=_("Today in Lagos, or later. It anchors the rhythm."))
    follows_target = serializers.BooleanField(required=False, default=False)


class AutomaticSavingChange(StrictSerializer):
    amount = MoneyField(
        min_value=0, required=False, default=0, help_text=_("Not looked at where it follows the target.")
    )
    currency = CurrencyField()
    follows_target = serializers.BooleanField(required=False, default=False)


class AutomaticRunSerializer(serializers.Serializer[AutoRun]):
    """One day of automatic saving, and what became of it."""

    object = ObjectField("automatic_run")
    due_date = serializers.DateField()
    state = OpenEnumField(help_text=_("DUE, SAVED, NOTHING, SKIPPED."))
    amount = MoneyField(allow_null=True, help_text=_("Null while it is not worked out."))
    next_amount = MoneyField(
        allow_null=True, help_text=_("What each day after one that was skipped comes to, for the target.")
    )
    contribution = serializers.SerializerMethodField()
    tries = serializers.IntegerField()
    next_try_at = InstantField(allow_null=True)
    code = serializers.CharField(help_text=_("Why it was not saved, for programs."))
    reason = serializers.CharField()
    ended_at = InstantField(allow_null=True)

    def get_contribution(self, run: AutoRun) -> str | None:
        """What it saved, as the saving's contributions list it."""
        saved = run.state == AutoRun.State.SAVED
        return str(IdField(MOVEMENT).to_representation(run.posting_id)) if saved else None


def facts_of(order: dict[str, Any]) -> dict[str, Any]:
    """An order as the services take it: without the currency, which the saving has."""
    return {name: value for name, value in order.items() if name != "currency"}
