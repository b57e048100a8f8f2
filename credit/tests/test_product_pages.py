"""Every rule of a product as a lender sets it: typed, published, and read back from the version and a loan of it."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import make_person, prove_factor, sign_in
from core.actors import acting_as_service
from credit import product_choices as choices
from credit.drawdown import Drawdown
from credit.models import ProductTerms
from credit.penalties import LateCharge, late_charge
from credit.pricing import Priced, price
from credit.product_checks import Offered, ProductInvalid, check
from credit.product_forms import ProductForm, TermsForm
from credit.product_rules import ProductRules
from credit.product_typed import offered_of, rules_as_typed
from credit.product_words import unusual
from credit.replay import Disburse, Event, Repay, pay, quote, replay
from credit.schedule import plan, roll, schedule
from credit.standing import Standing
from credit.terms import Counts, Effect, Grace, Half, Method, Paying, Rounding, To
from credit.terms_data import late_data, late_of, rules_data, rules_of
from credit.tests import world
from credit.tests.products import TERMS

NAIRA, DAY = 100, timedelta(days=1)
START, COUNT = date(2026, 1, 31), 12
# Two percent of it is half a kobo more than a whole number of kobo.
AMOUNT = 100_000_25
TYPED = {**TERMS, "name": "Market day", "from_date": timezone.localdate().isoformat()}


@dataclass(frozen=True)
class Made:
    """A version as it was published, and a loan of it at 24 % a year."""

    version: ProductTerms

    @property
    def rules(self) -> ProductRules:
        return rules_of(self.version.rules)

    @property
    def late(self) -> LateCharge:
        return late_of(self.version.late)

    @property
    def priced(self) -> Priced:
        fees = {"fee_percent": self.version.fee_percent, "fee_fixed": self.version.fee_fixed}
        return price(self.rules, amount=AMOUNT, count=COUNT, rate=Decimal(24), start=START, **fees)

    @property
    def rows(self) -> Any:
        return self.priced.rows

    @property
    def payments(self) -> list[int]:
        return [row.payment for row in self.rows]

    def after(self, *events: Event) -> Standing:
        return replay(self.priced.terms, [Disburse(START, AMOUNT), *events])

    def charge(self, days: int) -> int:
        """The late charge of the first instalment, so many days late."""
        standing = roll(self.after(), self.rows[0].due + days * DAY)
        return late_charge(self.late, standing, 1, charged_before=0)


Case = tuple[dict[str, str], Callable[[Made], Any], Any, Callable[[Made], bool] | None]


def _paid(made: Made, amount: int, on: date) -> Any:
    return pay(made.after(), Repay(on, amount))[1]


def _interest_of_two_late(made: Made) -> bool:
    """All interest of both is paid before any principal."""
    on = made.rows[1].due
    due = roll(made.after(), on)
    after = pay(due, Repay(on, sum(row.unpaid_interest for row in due.rows)))[0]
    return not any(row.unpaid_interest for row in after.rows)


def _ends_nearer(made: Made) -> bool:
    """The last instalment is nearer to the one before than it is where nothing is evened out."""
    plain = replace(made.rules, rounding=replace(made.rules.rounding, smoothed=False))
    steps = []
    for rules in (made.rules, plain):
        terms = rules.terms(amount=100_470_25, rate=Decimal(24), count=COUNT, start=START)
        *_rest, before, last = schedule(terms, [(START, 100_470_25)])
        steps.append(abs(last.payment - before.payment))
    return steps[0] < steps[1]


SETS: list[Case] = [
    ({"name": "Lean season"}, lambda made: made.version.product.name, "Lean season", None),
    ({"summary": "For farms"}, lambda made: made.version.product.summary, "For farms", None),
    (
        {"from_date": (timezone.localdate() + 5 * DAY).isoformat()},
        lambda made: made.version.from_date - timezone.localdate(),
        5 * DAY,
        None,
    ),
    ({"least": "20,000"}, lambda made: made.version.least, 20_000 * NAIRA, None),
    ({"most": "900,000"}, lambda made: made.version.most, 900_000 * NAIRA, None),
    ({"shortest": "6"}, lambda made: made.version.shortest, 6, None),
    ({"longest": "18"}, lambda made: made.version.longest, 18, None),
    ({"lowest_rate": "20.5"}, lambda made: made.version.lowest_rate, Decimal("20.5"), None),
    ({"highest_rate": "48"}, lambda made: made.version.highest_rate, 48, None),
    (
        {"fee_percent": "2.5"},
        lambda made: made.version.fee_percent,
        Decimal("2.5"),
        lambda made: made.priced.fees == 250_000,
    ),
    (
        {"fee_fixed": "500"},
        lambda made: made.version.fee_fixed,
        500 * NAIRA,
        lambda made: made.priced.fees == 150_000,
    ),
    (
        {"parts": "4", "least_part": "12.5", "draw_days": "60"},
        lambda made: made.rules.drawdown,
        Drawdown(4, Decimal("12.5"), 60),
        lambda made: "In up to 4 parts" in str(unusual(made.rules, "NGN")),
    ),
    (
        {"method": "EQUAL_PRINCIPAL"},
        lambda made: made.rules.method,
        Method.EQUAL_PRINCIPAL,
        lambda made: len({row.principal for row in made.rows[:-1]}) == 1,
    ),
    (
        {"method": "INTEREST_ONLY"},
        lambda made: made.rules.method,
        Method.INTEREST_ONLY,
        lambda made: made.rows[-1].principal == AMOUNT,
    ),
    (
        {"method": "FLAT"},
        lambda made: made.rules.method,
        Method.FLAT,
        lambda made: {row.interest for row in made.rows} == {200_000},
    ),
    (
        {"method": "BALLOON", "balloon": "30"},
        lambda made: (made.rules.method, made.rules.balloon),
        (Method.BALLOON, 30),
        lambda made: made.rows[-1].principal - 30_000_08 == pytest.approx(made.rows[-2].principal, rel=0.03),
    ),
    (
        {"method": "GRADUATED", "growth": "-2.5", "growth_every": "1"},
        lambda made: (made.rules.method, made.rules.growth, made.rules.growth_every),
        (Method.GRADUATED, Decimal("-2.5"), 1),
        lambda made: made.payments[1] == pytest.approx(made.payments[0] * 0.975, abs=1),
    ),
    (
        {"method": "GRADUATED", "growth": "10", "growth_every": "3"},
        lambda made: made.rules.growth_every,
        3,
        lambda made: made.payments[2] == made.payments[0] < made.payments[3],
    ),
    (
        {"method": "STEPPED", "weights": "1; 1, 2.5"},
        lambda made: (made.rules.method, made.rules.weights),
        (Method.STEPPED, (1, 1, Decimal("2.5"))),
        lambda made: (
            made.payments[2] == pytest.approx(made.payments[0] * 2.5, abs=2)
            and made.payments[3] == made.payments[0]
        ),
    ),
    (
        {"rhythm": "WEEKLY"},
        lambda made: (made.rules.rhythm, made.rules.day_count),
        ("WEEKLY", "ACT/364"),
        lambda made: (made.rows[0].due - START, made.rows[0].interest) == (7 * DAY, 46_154),
    ),
    (
        {"every": "2"},
        lambda made: made.rules.every,
        2,
        lambda made: made.rows[0].due == date(2026, 3, 31),
    ),
    (
        {"no_principal": "2"},
        lambda made: made.rules.grace,
        Grace(2),
        lambda made: [row.principal > 0 for row in made.rows[:3]] == [False, False, True],
    ),
    (
        {"no_principal": "2", "interest_later": "1"},
        lambda made: made.rules.grace,
        Grace(2, 1),
        lambda made: made.payments[:2] == [0, 400_000],
    ),
    (
        {"no_principal": "2", "interest_later": "2", "capitalised": "ADDED"},
        lambda made: made.rules.grace,
        Grace(2, 2, capitalised=True),
        lambda made: made.rows[2].opening == AMOUNT + 200_000 + 204_000,
    ),
    (
        {"interest_free": "3"},
        lambda made: made.rules.grace,
        Grace(interest_free=3),
        lambda made: [bool(row.interest) for row in made.rows[:4]] == [False, False, False, True],
    ),
    (
        {"capitalise_unpaid": "on", "method": "GRADUATED", "growth": "40"},
        lambda made: made.rules.capitalise_unpaid,
        True,
        lambda made: made.rows[0].principal < 0 < made.rows[-1].principal,
    ),
    (
        {"day_count": "ACT/365F"},
        lambda made: made.rules.day_count,
        "ACT/365F",
        lambda made: [row.interest for row in made.rows[:1]] == [184_110],
    ),
    (
        {"multiple": "100"},
        lambda made: made.rules.rounding,
        Rounding(100 * NAIRA),
        lambda made: made.payments[0] == 9_500 * NAIRA,
    ),
    (
        {"multiple": "100", "to": "DOWN"},
        lambda made: made.rules.rounding,
        Rounding(100 * NAIRA, To.DOWN),
        lambda made: made.payments[0] == 9_400 * NAIRA,
    ),
    (
        {"half": "UP"},
        lambda made: made.rules.rounding,
        Rounding(interest=Half.UP),
        lambda made: made.rows[0].interest == 200_001,
    ),
    (
        {"smoothed": "on"},
        lambda made: made.rules.rounding,
        Rounding(smoothed=True),
        _ends_nearer,
    ),
    (
        {"early": "PERIOD"},
        lambda made: made.rules.paying,
        Paying(counts=Counts.PERIOD),
        lambda made: quote(made.after(), START + DAY).interest == 200_000,
    ),
    (
        {"effect": "FEWER"},
        lambda made: made.rules.paying,
        Paying(effect=Effect.FEWER),
        lambda made: len(plan(made.after(Repay(START + DAY, 50_000 * NAIRA)), START + DAY)) < COUNT,
    ),
    (
        {"ahead": "PRINCIPAL_FIRST"},
        lambda made: made.rules.paying,
        Paying(accrued_first=False),
        lambda made: _paid(made, 1_000 * NAIRA, START + 20 * DAY).interest == 0,
    ),
    (
        {"order": "PRINCIPAL INTEREST PENALTY FEE"},
        lambda made: " ".join(made.rules.paying.order),
        "PRINCIPAL INTEREST PENALTY FEE",
        lambda made: _paid(made, 1_000 * NAIRA, made.rows[0].due + DAY).principal == 1_000 * NAIRA,
    ),
    (
        {"by": "BUCKET_BY_BUCKET"},
        lambda made: made.rules.paying,
        Paying(row_by_row=False),
        _interest_of_two_late,
    ),
    (
        {"late_percent": "2"},
        lambda made: made.late.percent,
        2,
        lambda made: made.charge(4) == made.payments[0] * 2 // 100,
    ),
    ({"late_most": "50"}, lambda made: made.late.most, 50 * NAIRA, lambda made: made.charge(4) == 50 * NAIRA),
    (
        {"late_cap": "0.05"},
        lambda made: made.late.cap,
        Decimal("0.05"),
        lambda made: made.charge(4) == 50 * NAIRA,
    ),
    (
        {"late_days_free": "5"},
        lambda made: made.late.days_free,
        5,
        lambda made: [bool(made.charge(days)) for days in (5, 6)] == [False, True],
    ),
    (
        {"arrears_earn": "on"},
        lambda made: made.rules.arrears_earn,
        True,
        lambda made: roll(made.after(), made.rows[1].due).rows[1].charged == 204_000,
    ),
    ({"cooling_off_days": "5"}, lambda made: made.version.cooling_off_days, 5, None),
    (
        {"conditions": "A shop.\n\n A  till."},
        lambda made: made.version.conditions,
        ["A shop.", "A till."],
        None,
    ),
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "kept", "wanted", "shows"), [pytest.param(*case, id=" ".join(case[0])) for case in SETS]
)
def test_what_is_typed_is_published_and_a_loan_of_it_is_made_so(
    client: Client,
    typed: dict[str, str],
    kept: Callable[[Made], Any],
    wanted: Any,
    shows: Callable[[Made], bool] | None,
) -> None:
    owner = make_person()
    provider = world.lender(owner, naira=0)
    sign_in(client, owner)
    prove_factor(owner)
    desk = f"/organizations/{provider.organization.slug}/lending/products/"
    answer = client.post(f"{desk}new/", {**TYPED, **typed})
    assert answer.status_code == 302, answer.context["form"].errors
    with acting_as_service():
        made = Made(ProductTerms.objects.select_related("product").get(product__provider=provider))
    assert kept(made) == wanted
    assert shows is None or shows(made)
    # The next version begins as this one is.
    again = TermsForm(
        {**TYPED, **{name: value for name, value in rules_as_typed(made.rules).items() if value}}
    )
    assert again.is_valid() and offered_of(again.cleaned_data).rules == made.rules


def _unsaved(offered: Offered) -> ProductTerms:
    return ProductTerms(
        rules=rules_data(offered.rules),
        late=late_data(offered.late),
        fee_percent=offered.fee_percent,
        fee_fixed=offered.fee_fixed,
    )


def test_each_field_of_the_form_and_each_rule_of_a_loan_is_tried() -> None:
    assert {name for typed, *_rest in SETS for name in typed} == set(ProductForm.base_fields)
    proven_only = {"each_slice"}
    usual = TermsForm(TYPED)
    assert usual.is_valid() and offered_of(usual.cleaned_data).rules == ProductRules()
    changed = set()
    for typed, *_rest in SETS:
        form = TermsForm({**TYPED, **typed})
        assert form.is_valid(), form.errors
        offered = offered_of(form.cleaned_data)
        for made, plain in (
            (offered.rules, ProductRules()),
            (offered.rules.grace, Grace()),
            (offered.rules.rounding, Rounding()),
            (offered.rules.paying, Paying()),
            (offered.late, offered_of(usual.cleaned_data).late),
        ):
            names = {field.name for field in fields(made)}
            changed |= {name for name in names if getattr(made, name) != getattr(plain, name)}
    plain_made = Made(_unsaved(offered_of(usual.cleaned_data)))
    alike = [typed for typed, _kept, _wanted, shows in SETS if shows and shows(plain_made)]
    assert not alike, "a usual loan shows this too, so that it shows nothing"
    every = {
        field.name for kind in (ProductRules, Grace, Rounding, Paying, LateCharge) for field in fields(kind)
    }
    assert every - changed == proven_only


@pytest.mark.parametrize("day_count", [name for name, _words in choices.DAY_COUNTS])
@pytest.mark.parametrize("rhythm", [name for name, _words in choices.RHYTHMS])
def test_each_day_count_goes_with_each_rhythm_or_says_why_not(day_count: str, rhythm: str) -> None:
    form = TermsForm({**TYPED, "day_count": day_count, "rhythm": rhythm})
    assert form.is_valid()
    if (day_count, rhythm != "MONTHLY") == ("MONTH/12", True):
        with pytest.raises(ProductInvalid, match="only where instalments are monthly"):
            check(offered_of(form.cleaned_data), on=START)
    else:
        check(offered_of(form.cleaned_data), on=START)


@pytest.mark.django_db
def test_what_cannot_be_stands_at_its_field_and_what_a_method_does_not_need_is_not_read(
    client: Client,
) -> None:
    owner = make_person()
    provider = world.lender(owner, naira=0)
    sign_in(client, owner)
    prove_factor(owner)
    address = f"/organizations/{provider.organization.slug}/lending/products/new/"
    for typed, field, words in (
        ({"method": "BALLOON"}, "balloon", "This field is required."),
        ({"method": "BALLOON", "balloon": "0"}, "balloon", "above 0 and at most 100"),
        ({"method": "BALLOON", "balloon": "120"}, "balloon", "above 0 and at most 100"),
        ({"method": "BALLOON", "balloon": "30", "parts": "2"}, "parts", "paid out in 1 to 12 parts"),
        ({"parts": "13"}, "parts", "less than or equal to 12"),
        ({"method": "STEPPED", "weights": "0 0"}, "weights", "one of them above zero"),
        ({"method": "STEPPED", "weights": "one two"}, "weights", "Enter a number"),
        (
            {"method": "GRADUATED", "growth": "40"},
            "growth",
            "In 12 instalments at 18 % a year, one would be less than its interest.",
        ),
        ({"interest_later": "2"}, "interest_later", "Interest does not wait longer"),
        ({"multiple": "5,000"}, "multiple", "Of the smallest loan"),
        ({"every": "13"}, "every", "at most a year apart"),
        ({"fee_fixed": "10,000"}, "fee_fixed", "nothing would be left"),
    ):
        page = client.post(address, {**TYPED, **typed})
        errors = page.context["form"].errors
        assert page.status_code == 422 and [*errors] == [field], typed
        assert words in str(errors[field])
        assert f'href="#id_{field}"' in page.content.decode()
    # The group that is folded opens where something is wrong in it.
    page = client.post(address, {**TYPED, "interest_later": "2"})
    assert [group.name for group in page.context["form"].groups() if group.is_folded and group.is_open] == [
        "grace"
    ]
    unread = {"balloon": "x", "growth": "y", "weights": "z", "growth_every": ""}
    assert client.post(address, {**TYPED, **unread}).status_code == 302
