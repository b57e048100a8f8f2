"""Forms of a lender's desk: the shape of what was typed; the services decide."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from credit.models import ProductTerms
from credit.penalties import LateCharge
from credit.periods import ACT_364, MONTH_12_EU
from credit.product_rules import ProductRules
from credit.services.lenders import Facts
from credit.services.products import Offered
from credit.terms import Counts, Grace, Method, Paying
from credit.terms_data import late_of, rules_of
from wallet.forms import MoneyField
from wallet.rhythm import MONTHLY, WEEKLY
from wallet.templatetags.wallet import plain_amount

_OFF = {"autocomplete": "off"}
METHODS = [
    (Method.LEVEL, _("The same amount each time")),
    (Method.EQUAL_PRINCIPAL, _("The same principal each time, so that instalments fall")),
    (Method.INTEREST_ONLY, _("Interest alone, and all principal with the last")),
    (Method.FLAT, _("Flat: interest on all that was lent, to the end")),
]
RHYTHMS = [(MONTHLY, _("Every month")), (WEEKLY, _("Every week"))]
# A week is a 52nd of a year where a month is a twelfth of it.
AS_CALLED = "AS_CALLED"
COUNTS_DAYS = [
    (AS_CALLED, _("A month is a twelfth of a year, a week a 52nd")),
    ("ACT/365F", _("Actual days of 365")),
    ("ACT/ACT-ISDA", _("Actual days of each year’s length")),
]
EARLY = [
    (Counts.DAY, _("Interest to the day of an early payment")),
    (Counts.PERIOD, _("Interest to the end of the running period")),
]


class LenderForm(forms.Form):
    """What borrowers see of a lender."""

    display_name = forms.CharField(
        label=_("Name that borrowers see"), max_length=80, widget=forms.TextInput(_OFF)
    )
    about = forms.CharField(
        label=_("About you"), max_length=500, required=False, widget=forms.Textarea({"rows": 3})
    )
    licence_number = forms.CharField(
        label=_("Number of your licence to lend"), max_length=60, widget=forms.TextInput(_OFF)
    )
    complaints_email = forms.EmailField(
        label=_("E-mail for complaints"),
        help_text=_("It stands in every contract. You answer within two days."),
        max_length=254,
    )
    complaints_phone = forms.RegexField(
        r"^\+?[0-9 ()-]{7,20}$",
        label=_("Phone for complaints"),
        required=False,
        max_length=20,
        error_messages={"invalid": _("Enter a phone number such as 0803 123 4567.")},
        widget=forms.TextInput({"inputmode": "tel"}),
    )

    def facts(self) -> Facts:
        return Facts(**self.cleaned_data)


class LenderDetailsForm(LenderForm):
    """The same of a lender that there is: its licence is not changed here."""

    licence_number = None  # type: ignore[assignment]

    def facts(self) -> Facts:
        return Facts(licence_number="", **self.cleaned_data)


class LenderMoneyForm(OnceForm):
    amount = MoneyField(label=_("How much?"))


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
    method = forms.ChoiceField(label=_("How it is paid back"), choices=METHODS)
    rhythm = forms.ChoiceField(label=_("Instalments"), choices=RHYTHMS)
    day_count = forms.ChoiceField(label=_("How days count"), choices=COUNTS_DAYS)
    no_principal = forms.IntegerField(
        label=_("Instalments of interest alone at first"), min_value=0, max_value=1199, initial=0
    )
    early = forms.ChoiceField(label=_("Paying early"), choices=EARLY)
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
    cooling_off_days = forms.IntegerField(
        label=_("Working days in which a borrower may change their mind"),
        min_value=3,
        max_value=30,
        initial=3,
    )
    conditions = forms.CharField(
        label=_("Conditions, one on each line"), required=False, widget=forms.Textarea({"rows": 3})
    )

    def offered(self) -> Offered:
        """What was typed, as the service takes it."""
        typed = self.cleaned_data
        lines = [" ".join(line.split()) for line in typed["conditions"].splitlines()]
        return Offered(
            least=typed["least"],
            most=typed["most"],
            shortest=typed["shortest"],
            longest=typed["longest"],
            lowest_rate=typed["lowest_rate"],
            highest_rate=typed["highest_rate"],
            fee_percent=typed["fee_percent"],
            fee_fixed=typed["fee_fixed"] or 0,
            rules=ProductRules(
                method=Method(typed["method"]),
                rhythm=typed["rhythm"],
                day_count=_convention(typed["day_count"], typed["rhythm"]),
                grace=Grace(no_principal=typed["no_principal"]),
                paying=Paying(counts=Counts(typed["early"])),
            ),
            late=LateCharge(
                percent=typed["late_percent"],
                most=typed["late_most"],
                cap=typed["late_cap"],
                days_free=typed["late_days_free"],
            ),
            cooling_off_days=typed["cooling_off_days"],
            conditions=tuple(line for line in lines if line),
        )


class ProductForm(TermsForm):
    """A product by name, and its first terms."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(_OFF))
    summary = forms.CharField(
        label=_("What it is for, in a sentence"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )
    field_order = ("name", "summary")


def first_terms() -> dict[str, Any]:
    return {"from_date": timezone.localdate(), "lowest_rate": 18, "highest_rate": 36}


def terms_as_typed(terms: ProductTerms) -> dict[str, Any]:
    """A version's terms as somebody would have typed them, to begin another one from tomorrow."""
    rules, late = rules_of(terms.rules), late_of(terms.late)
    called = rules.day_count in (MONTH_12_EU, ACT_364)
    return {
        "from_date": max(terms.from_date, timezone.localdate()) + timedelta(days=1),
        **{name: plain_amount(getattr(terms, name)) for name in ("least", "most")},
        "fee_fixed": plain_amount(terms.fee_fixed) if terms.fee_fixed else "",
        **{name: getattr(terms, name) for name in ("shortest", "longest", "cooling_off_days")},
        **{name: _plain(getattr(terms, name)) for name in ("lowest_rate", "highest_rate", "fee_percent")},
        "method": rules.method,
        "rhythm": rules.rhythm,
        "day_count": AS_CALLED if called else rules.day_count,
        "no_principal": rules.grace.no_principal,
        "early": rules.paying.counts,
        "late_percent": _plain(late.percent),
        "late_most": plain_amount(late.most) if late.most is not None else "",
        "late_cap": _plain(late.cap),
        "late_days_free": late.days_free,
        "conditions": "\n".join(terms.conditions),
    }


def _convention(name: str, rhythm: str) -> str:
    if name != AS_CALLED:
        return name
    return MONTH_12_EU if rhythm == MONTHLY else ACT_364


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
