"""What staff fill in to take in what gateways and banks say."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wallet.models import Account, PaymentGateway
from wallet.services.reconciliation import files

ZONES = (("Africa/Lagos", _("Lagos time")), ("UTC", _("UTC")))


def reconciled_accounts() -> Any:
    return Account.objects.filter(kind=Account.Kind.CLEARING, owner=None).order_by("code", "currency")


class FileForm(forms.Form):
    account = forms.ModelChoiceField(label=_("Whose file it is"), queryset=Account.objects.none())
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "A CSV file in UTF-8 of up to 20 MB and 200,000 lines, with the names of its columns on top."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts: Any = self.fields["account"]
        accounts.queryset = reconciled_accounts()


class AskForm(forms.Form):
    gateway = forms.ModelChoiceField(label=_("Gateway"), queryset=PaymentGateway.objects.none())
    day = forms.DateField(
        label=_("Day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The three days before it are asked for once more."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gateways: Any = self.fields["gateway"]
        gateways.queryset = PaymentGateway.objects.order_by("name")

    def clean_day(self) -> Any:
        day = self.cleaned_data["day"]
        if not timezone.localdate() - timedelta(days=366) <= day <= timezone.localdate():
            raise forms.ValidationError(_("Choose a day of the last year, up to today."))
        return day


class MappingForm(forms.Form):
    """Which column is what. A name keeps the answer for the next file."""

    date_format = forms.ChoiceField(label=_("How dates are written"), choices=files.DATE_FORMATS)
    zone = forms.ChoiceField(label=_("Times without a zone are in"), choices=ZONES)
    in_kobo = forms.BooleanField(label=_("Amounts are in kobo"), required=False)
    decimal_comma = forms.BooleanField(label=_("Amounts have a comma before the kobo"), required=False)
    name = forms.CharField(
        label=_("Name of this mapping"),
        max_length=60,
        help_text=_("Files like this one are read by it next time."),
    )

    def __init__(self, *args: Any, head: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "–"), *((str(at), name or f"{at + 1}") for at, name in enumerate(head))]
        others = dict(self.fields)
        self.fields.clear()
        for field, label in files.FIELDS.items():
            self.fields[f"column_{field}"] = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=_guess(field, head)
            )
        self.fields.update(others)

    @property
    def columns(self) -> dict[str, int]:
        data = self.cleaned_data
        return {field: int(data[f"column_{field}"]) for field in files.FIELDS if data[f"column_{field}"]}

    def facts(self) -> dict[str, Any]:
        names = ("date_format", "zone", "in_kobo", "decimal_comma", "name")
        return {"columns": self.columns, **{name: self.cleaned_data[name] for name in names}}


GUESSES = {
    "at": ("date", "created", "time", "transaction date", "value date"),
    "change": ("amount", "difference", "change"),
    "credit": ("credit", "money in", "deposit"),
    "debit": ("debit", "money out", "withdrawal"),
    "fee": ("fee", "fees", "charges"),
    "reference": ("reference", "merchant reference", "our reference"),
    "gateway_id": ("id", "transaction id", "session id", "row id"),
    "description": ("description", "narration", "reason", "remarks"),
    "balance": ("balance", "balance after"),
    "currency": ("currency",),
}


def _guess(field: str, head: list[str]) -> str:
    names = [name.strip().lower().replace("_", " ") for name in head]
    return next((str(names.index(name)) for name in GUESSES[field] if name in names), "")
