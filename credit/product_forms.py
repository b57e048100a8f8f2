"""The form of a lender's product: every rule that a loan can be made by, in groups; the checks decide.

What a method has no use for is not asked of it: it may be sent, and is not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField, BoundWidget
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from credit import product_choices as choices
from credit.drawdown import MOST_DAYS, MOST_PARTS, Drawdown
from credit.terms import Counts, Effect, Half, Method, Paying, To
from wallet.forms import MoneyField
from wallet.rhythm import MONTHLY

KOBO = "0.01"


class WeightsField(forms.CharField):
    """Numbers between spaces, commas or semicolons; its value is a tuple of Decimals."""

    def to_python(self, value: Any) -> tuple[Decimal, ...]:  # type: ignore[override]
        number = forms.DecimalField(max_digits=6, decimal_places=2)
        words = (super().to_python(value) or "").replace(",", " ").replace(";", " ").split()
        return tuple(found for word in words if (found := number.clean(word)) is not None)


@dataclass(frozen=True)
class Group:
    """Fields that belong together. One that is folded is open where it has an error or says something unusual."""

    name: str
    title: str | Promise
    note: str | Promise
    fields: list[BoundField]
    is_folded: bool = False

    @property
    def is_open(self) -> bool:
        return any(field.errors or _says(field) != _usual(field) for field in self.fields)


class TermsForm(forms.Form):
    """One version of a product's terms."""

    from_date = forms.DateField(
        label=_("From"),
        help_text=_("Offers before keep the terms they were made by."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    least = MoneyField(label=_("Smallest loan"))
    most = MoneyField(label=_("Largest loan"))
    shortest = forms.IntegerField(label=_("Fewest instalments"), min_value=1, max_value=1200)
    longest = forms.IntegerField(label=_("Most instalments"), min_value=1, max_value=1200)
    lowest_rate = forms.DecimalField(
        label=_("Lowest rate, percent a year"), min_value=0, max_digits=9, decimal_places=4
    )
    highest_rate = forms.DecimalField(
        label=_("Highest rate, percent a year"), min_value=0, max_digits=9, decimal_places=4
    )
    fee_percent = forms.DecimalField(
        label=_("Fee, percent of the loan"), min_value=0, max_digits=7, decimal_places=4, initial=0
    )
    fee_fixed = MoneyField(label=_("Fixed fee"), required=False)
    parts = forms.IntegerField(
        label=_("Paid out in so many parts at most"),
        help_text=_("1 pays it out at once, as soon as everybody has signed."),
        required=False,
        min_value=1,
        max_value=MOST_PARTS,
        initial=1,
    )
    least_part = forms.DecimalField(
        label=_("Smallest part, percent of the loan"),
        help_text=_("What is left may be asked for even if it is less."),
        required=False,
        min_value=1,
        max_value=100,
        decimal_places=2,
        initial=Drawdown().least,
    )
    draw_days = forms.IntegerField(
        label=_("Days after signing in which a part may be asked for"),
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        initial=Drawdown().days,
    )
    method = forms.ChoiceField(
        label=_("How it is paid back"),
        choices=choices.METHODS,
        initial=Method.LEVEL,
        widget=forms.RadioSelect,
    )
    balloon = forms.DecimalField(
        label=_("Waits for the last instalment, percent of the loan"),
        help_text=_("30 of a loan of ₦100,000 leaves ₦30,000 to its last day."),
        max_digits=9,
        decimal_places=4,
    )
    growth = forms.DecimalField(
        label=_("Instalments change by, percent"),
        help_text=_("Above zero they grow, below zero they shrink."),
        max_digits=9,
        decimal_places=4,
    )
    growth_every = forms.IntegerField(
        label=_("They change after so many instalments"), min_value=1, max_value=1200, initial=1
    )
    weights = WeightsField(
        label=_("Weights of the instalments, one after the other"),
        help_text=_("“1 1 2” asks twice as much every third time. After the last they begin again."),
        max_length=1000,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    rhythm = forms.ChoiceField(label=_("Instalments come"), choices=choices.RHYTHMS, initial=MONTHLY)
    every = forms.IntegerField(
        label=_("Every so many of them"),
        help_text=_("2 with weeks is every second week."),
        min_value=1,
        max_value=366,
        initial=1,
    )
    no_principal = forms.IntegerField(
        label=_("Instalments at first that ask for no principal"), min_value=0, max_value=1199, initial=0
    )
    interest_later = forms.IntegerField(
        label=_("Of them, those whose interest waits"), min_value=0, max_value=1199, initial=0
    )
    capitalised = forms.ChoiceField(
        label=_("Interest that waits"), choices=choices.WAITING, initial=choices.ASKED_LATER
    )
    interest_free = forms.IntegerField(
        label=_("Instalments at first that earn no interest"), min_value=0, max_value=1200, initial=0
    )
    capitalise_unpaid = forms.BooleanField(
        label=_("An instalment may be less than its interest: the rest is added to the loan"), required=False
    )
    day_count = forms.ChoiceField(
        label=_("How days count"),
        help_text=_("Under the first, a week is a 52nd and a day a 365th of a year."),
        choices=choices.DAY_COUNTS,
        initial=choices.AS_CALLED,
    )
    half = forms.ChoiceField(label=_("Half a kobo of interest"), choices=choices.HALVES, initial=Half.EVEN)
    multiple = MoneyField(
        label=_("Instalments in multiples of"),
        help_text=_("The last one takes what is left."),
        initial=KOBO,
    )
    to = forms.ChoiceField(label=_("Rounded"), choices=choices.ROUNDED, initial=To.NEAREST)
    smoothed = forms.BooleanField(
        label=_("Bring the last instalment near the others"),
        help_text=_("For instalments that are all the same."),
        required=False,
    )
    early = forms.ChoiceField(
        label=_("Interest of an early payment"), choices=choices.EARLY, initial=Counts.DAY
    )
    effect = forms.ChoiceField(
        label=_("Paying more than is due"),
        help_text=_("Unless the borrower chooses otherwise, payment by payment."),
        choices=choices.EFFECTS,
        initial=Effect.SMALLER,
    )
    ahead = forms.ChoiceField(
        label=_("What is more than is due pays"), choices=choices.AHEAD, initial=choices.INTEREST_FIRST
    )
    order = forms.ChoiceField(
        label=_("What a payment pays first"),
        choices=choices.ORDERS,
        initial=choices.order_name(Paying().order),
    )
    by = forms.ChoiceField(
        label=_("Where several instalments are late"), choices=choices.BY, initial=choices.ROW_BY_ROW
    )
    late_percent = forms.DecimalField(
        label=_("Late charge, percent of what is late"),
        min_value=0,
        max_digits=5,
        decimal_places=2,
        initial=0,
        help_text=_("Once for each instalment, never on a late charge."),
    )
    late_most = MoneyField(label=_("At most, for one instalment"), required=False)
    late_cap = forms.DecimalField(
        label=_("At most in all, percent of the loan"),
        min_value=0,
        max_digits=5,
        decimal_places=2,
        initial=10,
    )
    late_days_free = forms.IntegerField(
        label=_("Days late that cost nothing"), min_value=0, max_value=365, initial=3
    )
    arrears_earn = forms.BooleanField(label=_("Interest that is overdue earns interest"), required=False)
    cooling_off_days = forms.IntegerField(
        label=_("Working days in which a borrower may change their mind"),
        min_value=3,
        max_value=30,
        initial=3,
    )
    conditions = forms.CharField(
        label=_("Conditions, one on each line"), required=False, widget=forms.Textarea({"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        """What only another method asks for may be missing, or anything."""
        cleaned = super().clean() or {}
        for method, names in choices.OF_METHOD.items():
            if cleaned.get("method") not in (None, method):
                for name in names:
                    self.errors.pop(name, None)
        return cleaned

    def groups(self) -> Iterator[Group]:
        """The fields as a page shows them; what the method needs stands with it."""
        for name, title, note, is_folded, fields in choices.GROUPS:
            shown = [self[each] for each in fields if each in self.fields]
            if shown:
                yield Group(name, title, note, shown, is_folded)

    def methods(self) -> Iterator[tuple[BoundWidget, str | Promise]]:
        """Each method to choose, and what it is for."""
        return zip(self["method"], choices.METHOD_NOTES.values(), strict=True)


class ProductForm(TermsForm):
    """A product by name, and its first terms."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput({"autocomplete": "off"}))
    summary = forms.CharField(
        label=_("What it is for, in a sentence"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )
    field_order = ("name", "summary")


def _says(field: BoundField) -> str:
    value = field.value()
    return "" if value is None or value is False else str(value)


def _usual(field: BoundField) -> str:
    value = field.field.initial
    return "" if value is None else str(value)
