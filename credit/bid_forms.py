"""What a lender types to make an offer. It checks the shape; what it means, the service decides."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from credit.models import LoanProduct
from credit.services.bidding import LONGEST_CONDITION, MOST_CONDITIONS, Wish
from wallet.forms import MoneyField


class BidForm(OnceForm):
    product = forms.ChoiceField(label=_("Your product"))
    amount = MoneyField(label=_("How much you lend"))
    count = forms.IntegerField(
        label=_("In how many monthly instalments"),
        min_value=1,
        max_value=1200,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    rate = forms.DecimalField(
        label=_("Rate, percent a year"),
        min_value=0,
        max_value=1000,
        max_digits=9,
        decimal_places=4,
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )
    days = forms.IntegerField(
        label=_("Open for how many days"),
        min_value=1,
        max_value=30,
        help_text=_("Your money is set aside for so long, unless you take the offer back."),
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    conditions = forms.CharField(
        label=_("Conditions, one on each line"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Those of your product come with it."),
    )
    replaces = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, products: Iterable[LoanProduct], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].choices = [(str(one.pk), one.name) for one in products]  # type: ignore[attr-defined]

    def clean_conditions(self) -> tuple[str, ...]:
        lines = [line.strip() for line in self.cleaned_data["conditions"].splitlines()]
        conditions = tuple(line for line in lines if line)
        if len(conditions) > MOST_CONDITIONS or any(len(one) > LONGEST_CONDITION for one in conditions):
            raise forms.ValidationError(_("Ten conditions at most, of 300 letters each."))
        return conditions

    def wish(self, at: datetime) -> Wish:
        """Return the offer; it is open to the end of its last day, so that a second click means the same."""
        typed = self.cleaned_data
        last = timezone.localdate(at) + timedelta(days=typed["days"])
        return Wish(
            product_id=UUID(typed["product"]),
            amount=typed["amount"],
            count=typed["count"],
            rate=typed["rate"],
            expires_at=timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min)),
            conditions=typed["conditions"],
        )


class MarketForm(forms.Form):
    """Read from the address."""

    most = MoneyField(label=_("Asking for at most"), required=False)
