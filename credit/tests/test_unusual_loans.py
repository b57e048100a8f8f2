"""Loans of unusual products, from what is signed to the last kobo: what is shown, and what is proven of their lives."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit.agreement_words import headline, sections
from credit.product_rules import ProductRules
from credit.services.agreement_papers import facts_of
from credit.services.reading import read_loan
from credit.terms import Bucket, Effect, Grace, Method, Paying, Rounding, To
from credit.tests import agreed
from credit.tests.closing import closed
from credit.tests.hard import is_proven, pay, state_of
from credit.tests.world import DAY, NAIRA, day, lender, lent, moment, product
from wallet.rhythm import WEEKLY

pytestmark = pytest.mark.django_db
UNUSUAL = ProductRules(
    method=Method.GRADUATED,
    growth=Decimal(40),
    growth_every=2,
    rhythm=WEEKLY,
    day_count="ACT/364",
    grace=Grace(2, 2, capitalised=True),
    rounding=Rounding(100 * NAIRA, To.UP),
    paying=Paying(
        order=(Bucket.PRINCIPAL, Bucket.INTEREST, Bucket.PENALTY, Bucket.FEE),
        row_by_row=False,
        accrued_first=False,
        effect=Effect.FEWER,
    ),
    capitalise_unpaid=True,
    arrears_earn=True,
)
SEASON = ProductRules(
    method=Method.STEPPED, weights=(Decimal(0), Decimal(0), Decimal(1)), capitalise_unpaid=True
)
BALLOON = ProductRules(method=Method.BALLOON, balloon=Decimal(40))


@pytest.mark.parametrize("rules", [UNUSUAL, SEASON, BALLOON], ids=["unusual", "season", "balloon"])
def test_an_unusual_loan_is_paid_off_and_proven(rules: ProductRules) -> None:
    terms = product(lender(make_person()), rules=rules, shortest=12)
    loan = lent(make_person(), terms, rate=Decimal(36), at=moment(day(50)), wallet_naira=200_000)
    closed(loan, day(26))
    pay(loan, 3_000, day(25))
    closed(loan, day(12))
    pay(loan, 20_000.55, day(11))
    closed(loan, day(1))
    is_proven(loan)
    with acting_as_service():
        reading = read_loan(loan, on=day(0))
    assert sum(row.paid_principal for row in reading.rows) <= reading.paid_principal
    pay(loan, reading.outstanding.total / NAIRA, day(0))
    assert state_of(loan) == "CLOSED_MET"
    is_proven(loan)


def test_the_key_facts_of_a_season_say_when_nothing_is_asked_and_that_the_debt_grows() -> None:
    at, ada = timezone.now(), make_person()
    rules = ProductRules(
        method=Method.STEPPED,
        weights=SEASON.weights,
        grace=Grace(1, 1),
        capitalise_unpaid=True,
        arrears_earn=True,
    )
    made = agreed.accepted(ada, [make_person()], at=at - DAY, rules=rules, shortest=12)
    with acting_as_service():
        facts = facts_of(made, ada, at=at)
    asking = [row for row in facts["rows"] if row[4]]
    assert len(asking) < len(facts["rows"]) == 12 and facts["rows"][-1][5] == 0
    assert max(row[5] for row in facts["rows"]) > facts["amount"]
    assert facts["late_example"]["instalment"] == asking[0][4] and facts["late_example"]["charge"]
    said = {label: words for part in sections(facts) for label, words in part.rows}
    assert said["How they are made"] == "Instalments in the proportion 0 : 0 : 1, over and over"
    assert "you may owe more than you borrowed" in said["What you owe may grow"]
    assert dict(headline(facts))["First instalment"] in said["The first"]
    notes = " ".join(part.note for part in sections(facts))
    assert "so does interest that is overdue" in notes and "no interest on interest" not in notes
