"""What staff fill in to propose what with money takes two people."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import approvals, proposals
from accounts.approvals import Payload
from accounts.kyc import steps
from accounts.models import Approval
from accounts.proposals import ProposalForm, ProposalPage
from core.staff import list_of, page_of
from wallet.forms import NGN, MoneyField
from wallet.models import (
    Account,
    ClosedPeriod,
    CoolingOffRule,
    PaymentGateway,
    ReversalRule,
    TierRule,
    Transaction,
)
from wallet.services import gateways
from wallet.services.approved import adjustments, closing, credentials, reversals, rules
from wallet.services.credentials import LONGEST as LONGEST_CREDENTIAL

LONGEST_DESCRIPTION = 140
TIERS = ((1, "1"), (2, "2"), (3, "3"))


class AccountField(forms.CharField):
    """An account by its id, or one of ours by its code."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            found = Account.objects.filter(pk=UUID(text)).first()
        except ValueError:
            found = (
                Account.objects.filter(owner=None, code=text.upper(), currency=NGN).first() if text else None
            )
        if found is None:
            raise forms.ValidationError(
                _("There is no such account. Give its id, or the code of one of ours.")
            )
        return str(found.pk)


class DescriptionField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("What the customer reads"),
            max_length=LONGEST_DESCRIPTION,
            help_text=_("Stands on their statement. Neither the reason nor the ticket does."),
        )


class AdjustmentForm(ProposalForm):
    debit = AccountField(label=_("Account to debit"), max_length=60, help_text=_("A customer's goes down."))
    credit = AccountField(label=_("Account to credit"), max_length=60, help_text=_("A customer's goes up."))
    amount = MoneyField(label=_("Amount"))
    description = DescriptionField()

    def payload(self) -> Payload:
        return {name: self.cleaned_data[name] for name in ("debit", "credit", "amount", "description")}

    def target(self) -> str:
        return adjustments.target_of(self.payload())  # type: ignore[arg-type]


class ReversalForm(ProposalForm):
    posting = forms.UUIDField(label=_("Posting to take back"))
    description = DescriptionField()

    def payload(self) -> Payload:
        data = self.cleaned_data
        return {"posting": str(data["posting"]), "description": data["description"]}

    def target(self) -> str:
        return f"posting:{self.cleaned_data['posting']}"


class RuleForm(ProposalForm):
    """What all dated rules have."""

    action = ""

    from_date = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Today or later. It holds until a rule of a later day."),
    )
    source = forms.CharField(
        label=_("Where it comes from"), max_length=500, help_text=_("The circular, or whose decision it is.")
    )

    def payload(self) -> Payload:
        data = self.cleaned_data
        return {"currency": NGN, "from_date": data["from_date"].isoformat(), "source": data["source"]}

    def target(self) -> str:
        return rules.target_of(self.action, self.payload())


class TierRuleForm(RuleForm):
    action = rules.TIER

    tier = forms.TypedChoiceField(label=_("Tier"), choices=TIERS, coerce=int)
    daily_sending = MoneyField(label=_("Sending in a day"), required=False, help_text=_("Empty: no limit."))
    daily_receiving = MoneyField(
        label=_("Receiving in a day"), required=False, help_text=_("Empty: no limit.")
    )
    single_amount = MoneyField(label=_("In one transfer"), required=False, help_text=_("Empty: no limit."))
    balance_cap = MoneyField(label=_("Balance"), required=False, help_text=_("Empty: no limit."))
    requires = forms.MultipleChoiceField(
        label=_("Asks for"),
        required=False,
        choices=[(code, step.title) for code, step in steps.STEPS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    grace_days = forms.IntegerField(
        label=_("Days without a number that it asks for"),
        required=False,
        min_value=0,
        max_value=3_650,
        help_text=_("Empty: for ever."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("from_date", "source", "reason", "ticket"):
            self.fields[name] = self.fields.pop(name)
        if not self.is_bound and set(self.initial) == {"tier"}:
            self.initial.update(_as_it_is(self.initial["tier"]))

    def payload(self) -> Payload:
        names = ("tier", *rules.AMOUNTS, "grace_days")
        facts = {name: self.cleaned_data[name] for name in names}
        return {**super().payload(), **facts, "requires": sorted(self.cleaned_data["requires"])}


def _as_it_is(tier: str) -> dict[str, Any]:
    """What a tier's rule says today, for a form that begins with it: empty means without limit there."""
    today = TierRule.objects.in_force(currency=NGN, on=timezone.localdate())
    rule = today.filter(tier=int(tier)).first() if tier.isdecimal() and len(tier) < 4 else None
    if rule is None:
        return {}
    amounts = {name: getattr(rule, name) for name in rules.AMOUNTS}
    typed = {
        name: f"{amount // 100}.{amount % 100:02}" for name, amount in amounts.items() if amount is not None
    }
    return {**typed, "requires": rule.requires, "grace_days": rule.grace_days}


class AmountRuleForm(RuleForm):
    amount = MoneyField(label=_("At most"))

    def payload(self) -> Payload:
        return {**super().payload(), "amount": self.cleaned_data["amount"]}


class CoolingOffForm(AmountRuleForm):
    action = rules.COOLING_OFF


class ReversalRuleForm(AmountRuleForm):
    action = rules.REVERSAL


class CredentialsForm(ProposalForm):
    """A field for each of the credentials that the chosen gateway has now. What is typed is never shown again."""

    previewed = False

    gateway = forms.ModelChoiceField(
        label=_("Gateway"), queryset=PaymentGateway.objects.order_by("code"), widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.data.get("gateway") if self.is_bound else self.initial.get("gateway")
        found = PaymentGateway.objects.filter(pk=code).first()
        if found is None:
            self.fields["gateway"].widget = forms.Select(choices=self.fields["gateway"].choices)  # type: ignore[attr-defined]
            self.names: list[str] = []
            return
        self.names = gateways.credential_names(found)
        for name in self.names:
            self.fields[name] = forms.CharField(
                label=_("New %(name)s of %(gateway)s") % {"name": name, "gateway": found},
                max_length=LONGEST_CREDENTIAL,
                widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
            )
        for name in ("reason", "ticket"):
            self.fields[name] = self.fields.pop(name)

    def payload(self) -> Payload:
        given = {name: self.cleaned_data[name] for name in self.names}
        return {"gateway": self.cleaned_data["gateway"].pk, "credentials": given}

    def target(self) -> str:
        return credentials.target_of(self.cleaned_data["gateway"].pk)


class DayForm(ProposalForm):
    account = forms.ModelChoiceField(label=_("Account"), queryset=Account.objects.none())
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts: Any = self.fields["account"]
        accounts.queryset = Account.objects.filter(kind=Account.Kind.CLEARING, owner=None)
        self.fields["ticket"].required = False

    def payload(self) -> Payload:
        data = self.cleaned_data
        return closing.day_payload(account=data["account"], day=data["day"], at=timezone.now())

    def target(self) -> str:
        return closing.target_of(self.cleaned_data["account"], self.cleaned_data["day"])


class ReopeningForm(ProposalForm):
    month = forms.DateField(label=_("First day of the month"), widget=forms.DateInput(attrs={"type": "date"}))

    def payload(self) -> Payload:
        return {"month": self.cleaned_data["month"].replace(day=1).isoformat()}

    def target(self) -> str:
        return f"month:{self.payload()['month']}"


def _day(approval: Approval) -> str:
    return reverse(
        "admin:wallet_reconciledday_day", args=[approval.payload["account"], approval.payload["day"]]
    )


def _posting(approval: Approval) -> str:
    return page_of(Transaction, approval.posting_id)


def ways(request: HttpRequest, *wanted: tuple[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """Of these actions, each with what its form begins with, the ones that whoever looks may propose."""
    found = []
    for code, initial in wanted:
        kind = approvals.action_of(code)
        if request.user.has_perm(kind.propose):
            query = f"?{urlencode(initial)}" if initial else ""
            found.append((str(kind.label), reverse("admin:accounts_propose", args=[code]) + query))
    return found


PAGES = (
    ProposalPage(
        adjustments.CODE,
        AdjustmentForm,
        _(
            "A correcting entry: the books are never changed, something is added to them. Both sides are named."
        ),
        _posting,
    ),
    ProposalPage(
        reversals.CODE, ReversalForm, _("Takes back a whole posting, once, with all its lines."), _posting
    ),
    ProposalPage(
        rules.TIER,
        TierRuleForm,
        _("A rule is never changed: this one follows the one before from its day on."),
        lambda _approval: list_of(TierRule),
    ),
    ProposalPage(
        rules.COOLING_OFF,
        CoolingOffForm,
        _("What somebody may send in all for a day after their way in changed."),
        lambda _approval: list_of(CoolingOffRule),
    ),
    ProposalPage(
        rules.REVERSAL,
        ReversalRuleForm,
        _("The most that one member of staff takes back without a second."),
        lambda _approval: list_of(ReversalRule),
    ),
    ProposalPage(
        credentials.CODE,
        CredentialsForm,
        _("They are sealed when you send them: nobody reads them again, whoever approves neither."),
        lambda approval: page_of(PaymentGateway, approval.payload["gateway"]),
    ),
    ProposalPage(
        closing.DAY,
        DayForm,
        _("The day's figures are frozen as they stand now. Nothing of it may be open."),
        _day,
    ),
    ProposalPage(
        closing.REOPENING,
        ReopeningForm,
        _("Postings may then be dated back into this month, until it is closed again."),
        lambda _approval: list_of(ClosedPeriod),
    ),
)
for page in PAGES:
    proposals.register(page)
