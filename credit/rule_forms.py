"""The form of a lender's rule, and its conditions in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.dateformat import format as date_format
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core.templatetags.money import money
from credit.models import Application, LoanProduct
from wallet.forms import MoneyField

MONEY = ("amount", "income", "expenses", "debts")


class RuleForm(forms.Form):
    """Whom an offer is made to by itself, and at which rate. What is left empty is no condition."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput({"autocomplete": "off"}))
    product = forms.ModelChoiceField(LoanProduct.objects.none(), label=_("Product"), empty_label=_("Choose"))
    rate = forms.DecimalField(label=_("Rate, percent a year"), min_value=0, max_digits=9, decimal_places=4)
    valid_days = forms.IntegerField(
        label=_("Days that the offer stands"), min_value=1, max_value=30, initial=7
    )
    amount_min = MoneyField(label=_("Borrows at least"), required=False)
    amount_max = MoneyField(label=_("Borrows at most"), required=False)
    count_max = forms.IntegerField(
        label=_("At most so many instalments"), min_value=1, max_value=1200, required=False
    )
    income_min = MoneyField(label=_("Comes in a month, at least"), required=False)
    debts_max = MoneyField(label=_("Pays on other loans a month, at most"), required=False)
    score_min = forms.IntegerField(label=_("Alajo score, at least"), required=False)
    employed_since_max = forms.DateField(
        label=_("Works there since, at the latest"),
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    purpose_in = forms.MultipleChoiceField(
        label=_("What it is for"),
        choices=Application.Purpose.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    employment_in = forms.MultipleChoiceField(
        label=_("What work they do"),
        choices=Application.Employment.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, products: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]

    def conditions(self) -> dict[str, dict[str, Any]]:
        """What was filled in, as `credit/automatic.py` reads it."""
        found: dict[str, dict[str, Any]] = {}
        for name, value in self.cleaned_data.items():
            field, _sep, end = name.rpartition("_")
            if end in ("min", "max", "in") and value not in (None, "", []):
                found.setdefault(field, {})[end] = value.isoformat() if hasattr(value, "isoformat") else value
        return found

    def field_of(self, condition: str) -> str | None:
        """The field of the form that a refused condition came from."""
        return next((name for name in self.fields if name.rpartition("_")[0] == condition), None)


def words_of(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Say conditions in words, one after the other; nothing where everybody meets them."""
    labels = {
        "amount": _now("Borrows"),
        "count": _now("Instalments"),
        "income": _now("Comes in a month"),
        "expenses": _now("Spends a month"),
        "debts": _now("Pays on other loans a month"),
        "score": _now("Alajo score"),
        "employed_since": _now("Works there since"),
        "purpose": _now("For"),
        "employment": _now("Work"),
    }
    choices = {
        "purpose": dict(Application.Purpose.choices),
        "employment": dict(Application.Employment.choices),
    }
    for name, bounds in conditions.items():
        if "in" in bounds:
            said = ", ".join(str(choices[name].get(one, one)) for one in bounds["in"])
            yield f"{labels[name]}: {said}"
            continue
        low, high = (_shown(name, bounds.get(end)) for end in ("min", "max"))
        if low and high:
            yield _now("%(what)s: %(low)s to %(high)s") % {"what": labels[name], "low": low, "high": high}
        elif low:
            yield _now("%(what)s: at least %(low)s") % {"what": labels[name], "low": low}
        else:
            yield _now("%(what)s: at most %(high)s") % {"what": labels[name], "high": high}


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in MONEY:
        return money(value, "NGN")
    day = parse_date(value) if isinstance(value, str) else None
    return date_format(day, "j F Y") if day else str(value)
