"""The form in which staff propose a plan, or new terms of one."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import proposals
from accounts.approvals import Payload
from accounts.proposals import ProposalForm, ProposalPage
from core.errors import DomainError
from core.money import InvalidAmount, parse_amount
from core.staff import list_of
from savings import plan_words, rate_tables
from savings.interest import Rate
from savings.models import PlanTerms, SavingsPlan
from savings.rate_tables import TableUnsound
from savings.services import planning
from savings.services.approved import plan_terms as approved
from savings.services.planning import (
    NewPlan,
    NoticeTooShort,
    PlanExists,
    PlanUnsound,
    TermsExist,
    TermsTooSoon,
    TermsWish,
)
from wallet.forms import NGN, MoneyField
from wallet.templatetags.wallet import plain_amount

LONGEST_TABLE = 10_000
# Stands for a plan that is not there yet: no code of a plan can be this.
NEW = "+"
OF_A_NEW_PLAN = ("code", "kind", "name", "summary")
MONEY = ("minimum", "maximum")
PERCENTS = ("tax", "withdrawal_fee", "penalty_percent")


class RatesField(forms.CharField):
    """A rate table, a line for each rate: from how many days on, from which amount on (naira), percent a year."""

    widget = forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "code"})

    def to_python(self, value: Any) -> tuple[Rate, ...]:  # type: ignore[override]
        text = value or ""
        if len(text) > LONGEST_TABLE:
            raise forms.ValidationError(_("That is too long for a table."))
        lines = [line for line in text.splitlines() if line.strip()]
        return tuple(_cell(number, line) for number, line in enumerate(lines, start=1))

    def validate(self, value: Any) -> None:
        try:
            rate_tables.check(value)
        except TableUnsound as refusal:
            raise forms.ValidationError(str(refusal)) from None

    def run_validators(self, value: Any) -> None:
        """All is said by the table itself."""


def _cell(number: int, line: str) -> Rate:
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) == 2:
        cells.insert(0, "0")
    try:
        days, floor, rate = cells
        if not (days.isascii() and days.isdecimal() and len(days) <= 6):
            raise ValueError
        amount = parse_amount(floor, NGN) if floor.strip("0.") else 0
        return Rate(int(days), amount, Decimal(rate.removesuffix("%").strip()))
    except (ValueError, InvalidOperation, InvalidAmount):
        raise forms.ValidationError(_("Line %(number)s cannot be read."), params={"number": number}) from None


def as_lines(terms: PlanTerms) -> str:
    """A table as it is typed."""
    cells = sorted(terms.cells(), key=lambda cell: (cell.term, cell.floor))
    return "\n".join(
        f"{cell.term}, {plain_amount(cell.floor)}, {plan_words.plain(cell.rate)}" for cell in cells
    )


def _percent(label: Any, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_value=100,
        max_digits=7,
        decimal_places=4,
        initial=0,
        help_text=help_text,
    )


def _days(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=3660, required=False, help_text=help_text)


class PlanTermsForm(ProposalForm):
    plan = forms.ChoiceField(label=_("Plan"), initial=NEW)
    code = forms.CharField(
        label=_("Its code"), max_length=40, help_text=_("Stands in addresses, for good: flexible-2027.")
    )
    kind = forms.ChoiceField(label=_("What it is"), choices=SavingsPlan.Kind.choices)
    name = forms.CharField(label=_("Its name"), max_length=80)
    summary = forms.CharField(
        label=_("What savers read"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    from_date = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Tomorrow or later; a lower rate of an open-ended plan takes five working days' notice."),
    )
    rates = RatesField(
        label=_("Rates"),
        strip=False,
        help_text=_(
            "One line for each: from how many days on, from which amount on in naira, percent a year, parted by "
            "commas. A line holds up to where the next begins. Open-ended plans have 0 days: 0, 100000, 10.5"
        ),
    )
    method = forms.ChoiceField(label=_("Rate of the balance"), choices=PlanTerms.Method.choices)
    day_count = forms.ChoiceField(label=_("A year"), choices=PlanTerms.DayCount.choices)
    capitalised = forms.ChoiceField(
        label=_("Earns interest itself"), choices=PlanTerms.Every.choices, initial=PlanTerms.Every.END
    )
    paid = forms.ChoiceField(label=_("Paid"), choices=PlanTerms.Every.choices, initial=PlanTerms.Every.MONTH)
    up_front = forms.BooleanField(label=_("Paid for the whole term on the first day"), required=False)
    rounding = forms.ChoiceField(label=_("Rounded"), choices=PlanTerms.Rounding.choices)
    tax = _percent(_("Tax withheld, %"))
    minimum = MoneyField(label=_("At least at a time"), required=False, help_text=_("Empty: any amount."))
    maximum = MoneyField(label=_("At most in all"), required=False, help_text=_("Empty: no limit."))
    shortest = _days(_("Shortest, days"), _("Empty for an open-ended plan."))
    longest = _days(_("Longest, days"))
    cut_off = forms.TimeField(
        label=_("Counts from the next day after"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text=_("Lagos time. Empty: money of a day counts from that day."),
    )
    free_withdrawals = forms.IntegerField(
        label=_("Free withdrawals a month"),
        min_value=0,
        max_value=1000,
        required=False,
        help_text=_("Empty: all are free."),
    )
    withdrawal_fee = _percent(_("Others cost, % of the amount"))
    penalty = forms.ChoiceField(label=_("Broken early"), choices=PlanTerms.Penalty.choices)
    penalty_percent = _percent(
        _("Penalty, %"), _("Percent points of the rate, or percent of what was saved.")
    )
    source = forms.CharField(
        label=_("Where it comes from"), max_length=500, help_text=_("Whose decision it is, and of which day.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = SavingsPlan.objects.order_by("name", "pk").values_list("code", "name")
        field: Any = self.fields["plan"]
        field.choices = [(NEW, _("A new plan")), *plans]
        chosen = self.data.get("plan", "") if self.is_bound else self.initial.get("plan", "")
        if any(chosen == code for code, _name in plans):
            for name in OF_A_NEW_PLAN:
                del self.fields[name]
            if not self.is_bound and "rates" not in self.initial:
                self.initial.update(_as_it_is(chosen))

    def clean(self) -> dict[str, Any]:
        """What the service would refuse is said beside the field that it is about."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return data
        try:
            planning.check_terms(plan=self._plan(), wish=self._wish(), on=timezone.localdate())
        except DomainError as refusal:
            self.add_error(self._field_of(refusal), str(refusal))
        return data

    def _field_of(self, refusal: DomainError) -> str | None:
        if isinstance(refusal, TermsTooSoon | TermsExist | NoticeTooShort):
            return "from_date"
        named = "code" if isinstance(refusal, PlanExists) else refusal.data.get("field")
        return named if isinstance(refusal, PlanExists | PlanUnsound) and named in self.fields else None

    def _plan(self) -> NewPlan | SavingsPlan:
        data = self.cleaned_data
        if data["plan"] != NEW:
            return SavingsPlan.objects.get(code=data["plan"])
        return NewPlan(**{name: data[name] for name in OF_A_NEW_PLAN})

    def _wish(self) -> TermsWish:
        names = [name for name in TermsWish.__dataclass_fields__ if name not in MONEY]
        facts: dict[str, Any] = {name: self.cleaned_data[name] for name in names}
        return TermsWish(
            **facts, minimum=self.cleaned_data["minimum"] or 0, maximum=self.cleaned_data["maximum"]
        )

    def payload(self) -> Payload:
        plan = self._plan()
        new = plan if isinstance(plan, NewPlan) else None
        return approved.as_payload(code=plan.code, new_plan=new, wish=self._wish())

    def target(self) -> str:
        return approved.target_of({"plan": self._plan().code})


def _as_it_is(code: str) -> dict[str, Any]:
    """What a plan's newest terms say, for a form that begins with it."""
    found = PlanTerms.objects.filter(plan__code=code).prefetch_related("rates")
    terms = found.order_by("-from_date").first()
    if terms is None:
        return {}
    names = [name for name in TermsWish.__dataclass_fields__ if name not in ("from_date", "source", *MONEY)]
    facts: dict[str, Any] = {name: getattr(terms, name) for name in names if name != "rates"}
    typed = {name: plain_amount(value) for name in MONEY if (value := getattr(terms, name))}
    shares = {name: plan_words.plain(facts[name]) for name in PERCENTS}
    return {**facts, **typed, **shares, "rates": as_lines(terms)}


proposals.register(
    ProposalPage(
        approved.CODE,
        PlanTermsForm,
        _(
            "Terms are never changed: these follow those before from their day on. Savings with an end keep their own."
        ),
        lambda _approval: list_of(PlanTerms),
    )
)
