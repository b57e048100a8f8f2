"""Forms of merchants' pages and of those that pay them: the shape of what was typed; the services decide."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.form_keys import OnceForm
from wallet.forms import MoneyField
from wallet.models import BankAccount, Merchant, MerchantPayment, PaymentLink
from wallet.payout_forms import BankAccountChoice
from wallet.services.merchants.selling import LONGEST_NOTE
from wallet.templatetags.wallet import plain_amount

_OFF = {"autocomplete": "off"}


class MerchantForm(forms.Form):
    """What customers see of whoever they pay."""

    display_name = forms.CharField(
        label=_("Name that customers see"), max_length=60, widget=forms.TextInput(_OFF)
    )
    category = forms.ChoiceField(label=_("What you do"), choices=Merchant.Category.choices)
    support_email = forms.EmailField(
        label=_("E-mail for questions"),
        help_text=_("Customers see it on the page where they pay, and on their receipt."),
        max_length=254,
    )
    support_phone = forms.RegexField(
        r"^\+?[0-9 ()-]{7,20}$",
        label=_("Phone for questions"),
        required=False,
        max_length=20,
        error_messages={"invalid": _("Enter a phone number such as 0803 123 4567.")},
        widget=forms.TextInput({"inputmode": "tel"}),
    )


class LinkForm(OnceForm):
    """What a payment link asks for."""

    title = forms.CharField(
        label=_("What it is for"),
        help_text=_("For example: School fees, second term."),
        max_length=80,
        widget=forms.TextInput(_OFF),
    )
    amount = MoneyField(
        label=_("Amount"), required=False, help_text=_("Leave it empty, and whoever pays chooses the amount.")
    )
    description = forms.CharField(
        label=_("More about it"), max_length=500, required=False, widget=forms.Textarea({"rows": 3})
    )
    success_message = forms.CharField(
        label=_("What they read once they paid"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )
    expires_on = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("The link stops when this day ends. Empty: it stays open."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    single_use = forms.BooleanField(label=_("Only one person pays it, once"), required=False)

    def expires_at(self) -> datetime | None:
        day = self.cleaned_data["expires_on"]
        return day and timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


class PayForm(OnceForm):
    """How much, and a word with it; without a field for the amount where the link fixes it."""

    amount = MoneyField(label=_("Amount"))
    note = forms.CharField(
        label=_("Note for them"),
        help_text=_("For example your name, a class or an order number."),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.TextInput(_OFF),
    )

    def __init__(self, *args: Any, link: PaymentLink, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if link.amount is not None:
            del self.fields["amount"]


class PayByCardForm(PayForm):
    """The same of somebody who may have no account: where the receipt goes."""

    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("Your receipt goes there, and nothing else."),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    name = forms.CharField(
        label=_("Your name"), max_length=80, required=False, widget=forms.TextInput({"autocomplete": "name"})
    )

    field_order = ("amount", "email", "name", "note")


class PaymentFilter(forms.Form):
    """Which payments a merchant looks at, as it stands in the address."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    state = forms.ChoiceField(
        label=_("State"), choices=[("", _("All")), *MerchantPayment.State.choices], required=False
    )
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)


class RefundForm(OnceForm):
    amount = MoneyField(label=_("How much to pay back"))
    reason = forms.CharField(
        label=_("Why"),
        help_text=_("Only people of your organisation see it."),
        max_length=140,
        required=False,
        widget=forms.TextInput(_OFF),
    )

    def __init__(self, *args: Any, sold: MerchantPayment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = plain_amount(sold.refundable)


class BankSettleForm(forms.Form):
    """To which of the organisation's bank accounts, and how much: an amount, or all there is (then it is None)."""

    bank_account = BankAccountChoice(label=_("To which account?"))
    amount = MoneyField(
        label=_("How much arrives?"), error_messages={"required": _("Type how much, or choose everything.")}
    )

    def __init__(self, *args: Any, accounts: Sequence[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accounts = accounts
        self.fields["bank_account"].offer(accounts)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        if "everything" in self.data:
            self.cleaned_data["amount"] = None
            self.errors.pop("amount", None)
        return self.cleaned_data


class DailyForm(forms.Form):
    """To which bank account the balance goes each day, and from how much on."""

    bank_account = BankAccountChoice(label=_("To which account?"))
    settles_from = MoneyField(
        label=_("From how much on?"),
        help_text=_("On a day with less than this, nothing is sent and no fee is due."),
    )

    def __init__(self, *args: Any, accounts: Sequence[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank_account"].offer(accounts)  # type: ignore[attr-defined]


class SettleForm(OnceForm):
    amount = MoneyField(label=_("How much to take out"))


class ReportFilter(forms.Form):
    """Which days a settlement report shows."""

    since = forms.DateField(label=_("From"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(label=_("To"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and not since <= until <= since + timedelta(days=366):
            self.add_error("until", _("Choose a last day after the first, within a year."))
        return self.cleaned_data


class GatewayKeyForm(forms.Form):
    secret_key = forms.CharField(
        label=_("Secret key"),
        help_text=_("Of your own Paystack account. It is kept sealed and never shown again."),
        max_length=120,
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
