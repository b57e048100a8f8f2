"""Forms of whoever looks for a loan. They check the shape of what was typed; what it means, the services decide."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from credit import application_rules as rules
from credit.comparing import Order
from credit.models import Application, Loan, ProductTerms
from credit.models.providers import MOST_RATE
from credit.released import ALWAYS, BY_NAME, CHOSEN
from wallet.forms import MoneyField

NOTHING = re.compile(r"₦?\s*0+(\.0{1,2})?")


class SumField(MoneyField):
    """An amount that may be nothing at all."""

    def to_python(self, value: Any) -> int | None:
        return 0 if NOTHING.fullmatch((value or "").strip()) else super().to_python(value)


class LoanField(MoneyField):
    """An amount that can be asked for."""

    def clean(self, value: Any) -> Any:
        amount = super().clean(value)
        if amount is not None and not rules.LEAST <= amount <= rules.MOST:
            raise forms.ValidationError(_("Enter an amount from ₦1,000 to ₦100,000,000."))
        return amount


class MonthsField(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_value=1,
            max_value=rules.LONGEST,
            widget=forms.NumberInput({"inputmode": "numeric"}),
            **kwargs,
        )


class CompareForm(forms.Form):
    """What is looked for, as it stands in the address. What comes in and goes out is kept nowhere."""

    amount = LoanField(label=_("You borrow"))
    count = MonthsField(label=_("For how many months"))
    income = SumField(label=_("What comes in a month"), required=False)
    outgo = SumField(label=_("What goes out a month, other loans included"), required=False)
    lender = forms.ChoiceField(label=_("Lender"), required=False)
    fits = forms.BooleanField(label=_("Only what I could get"), required=False)
    sort = forms.ChoiceField(
        choices=[(str(order), order) for order in Order], required=False, widget=forms.HiddenInput
    )

    DETAILS = ("income", "outgo", "lender", "fits")

    def __init__(self, *args: Any, lenders: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lender"].choices = [("", _("All lenders")), *lenders]  # type: ignore[attr-defined]

    @property
    def has_details(self) -> bool:
        return any(self.data.get(name) for name in self.DETAILS)


class CalculatorForm(forms.Form):
    """A loan to work out: of a product, or of one's own figures."""

    amount = LoanField(label=_("You borrow"))
    count = MonthsField(label=_("For how many months"))
    product = forms.ChoiceField(label=_("Loan"), required=False)
    rate = forms.DecimalField(
        label=_("Rate a year, in percent"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(MOST_RATE),
        decimal_places=4,
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )
    fee = forms.DecimalField(
        label=_("Fee kept back, in percent"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(50),
        decimal_places=4,
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, offered: list[ProductTerms], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_product = {str(terms.product_id): terms for terms in offered}
        self.fields["product"].choices = [  # type: ignore[attr-defined]
            ("", _("My own figures")),
            *(
                (key, f"{terms.product.provider.display_name}: {terms.product.name}")
                for key, terms in self.by_product.items()
            ),
        ]

    @property
    def terms(self) -> ProductTerms | None:
        return self.by_product.get(self.cleaned_data.get("product") or "")


class ApplyForm(OnceForm):
    """Begins one application however often it is sent."""

    amount = LoanField(required=False, widget=forms.HiddenInput)
    count = MonthsField(required=False)


class DayField(forms.DateField):
    widget = forms.DateInput({"type": "date", "autocomplete": "off"}, "%Y-%m-%d")


class LoanStep(forms.Form):
    amount = MoneyField(label=_("How much do you want to borrow?"))
    count = MonthsField(label=_("In how many monthly instalments?"))
    purpose = forms.ChoiceField(
        label=_("What is it for?"), choices=Application.Purpose.choices, widget=forms.RadioSelect
    )
    purpose_text = forms.CharField(
        label=_("Say more about it"),
        help_text=_("Lenders read it if you release it. Do not write your name."),
        max_length=rules.LONGEST_TEXT,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    refinances = forms.ModelChoiceField(
        label=_("Which loan does it replace?"),
        help_text=_(
            "A loan of yours on Alajo is paid off with the new one. Leave it out for a loan from elsewhere."
        ),
        queryset=Loan.objects.none(),
        required=False,
        empty_label=_("A loan from elsewhere"),
    )

    def __init__(self, *args: Any, loans: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if loans:
            self.fields["refinances"].queryset = loans  # type: ignore[attr-defined]
        else:
            del self.fields["refinances"]

    def facts(self) -> dict[str, Any]:
        loan = self.cleaned_data.get("refinances")
        return {**self.cleaned_data, "refinances": loan.pk if loan else None}


class WorkStep(forms.Form):
    employment = forms.ChoiceField(
        label=_("What describes your work?"), choices=Application.Employment.choices, widget=forms.RadioSelect
    )
    employed_since = DayField(
        label=_("Since when?"), help_text=_("Not needed if you do not work now."), required=False
    )

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data


class MonthStep(forms.Form):
    income = SumField(
        label=_("What comes in a month, after tax?"),
        help_text=_("In a usual month: pay, trade, rent, money that family sends."),
    )
    expenses = SumField(
        label=_("What do you spend a month?"), help_text=_("Rent, food, transport, school fees.")
    )
    debts = SumField(label=_("What do you pay on other loans a month?"), help_text=_("0 if you have none."))

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data


class LendersStep(forms.Form):
    released = forms.MultipleChoiceField(
        label=_("What may lenders see besides the amount, the months and the purpose?"),
        choices=[(name, BY_NAME[name].label) for name in CHOSEN],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    pools = forms.BooleanField(
        label=_("Several lenders may carry it together"),
        help_text=_("Helps with larger loans. You still pay one instalment, at one rate."),
        required=False,
    )

    def facts(self) -> dict[str, Any]:
        return {**self.cleaned_data, "released": [*ALWAYS, *self.cleaned_data["released"]]}


class AnswerForm(forms.Form):
    answer = forms.CharField(label=_("Your answer"), max_length=2000, widget=forms.Textarea({"rows": 4}))


class AgainForm(forms.Form):
    """What a person should look at again."""

    text = forms.CharField(
        label=_("What should we look at again?"),
        min_length=10,
        max_length=1000,
        widget=forms.Textarea({"rows": 4}),
    )


class DisputeForm(forms.Form):
    text = forms.CharField(
        label=_("What is wrong in it?"),
        min_length=10,
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )
