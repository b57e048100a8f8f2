"""Papers of savings: they say what is stored, add up to what the ledger holds, and are drawn again to the letter."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from accounts.models import User
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from savings import refusals, services
from savings.interest import Every
from savings.models import Accrual, UserSavings
from savings.services import Wish, papers
from savings.services.papers import issuing
from savings.services.replaying import enter_backdated
from savings.tests.world import NAIRA, TEN, balance, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Document, Entry
from wallet.services import documents
from wallet.tests.pages import browser_of, text

pytestmark = pytest.mark.django_db
DAILY = replace(TEN, paid=Every.DAY)
AT = moment(day(0))


def rained(ada: User) -> UserSavings:
    """A saving of twenty days with daily interest, something added, something taken out for a fee."""
    funded(ada)
    plan = plan_of("FLEXIBLE", terms=DAILY, free_withdrawals=0, withdrawal_fee=Decimal(1))
    saving = opened(ada, plan, naira=50_000, at=moment(day(20)))
    facts = {"saving_id": saving.pk, "user": ada}
    services.contribute(amount=10_000 * NAIRA, posting_id=posting_id(), at=moment(day(12)), **facts)
    services.withdraw(amount=5_000 * NAIRA, posting_id=posting_id(), at=moment(day(5)), **facts)
    return saving


def statement(saving: UserSavings, user: User, since: date, until: date) -> Document:
    return papers.issue_statement(saving_id=saving.pk, user=user, since=since, until=until, at=AT)


def amounts(document: Document, *kinds: str) -> int:
    return sum(amount for _day, kind, amount in document.facts["lines"] if kind in kinds)


def test_a_statement_adds_up_to_what_the_ledger_holds(ada: User) -> None:
    saving = rained(ada)
    whole = statement(saving, ada, day(20), day(0))
    told = whole.facts
    assert told["opening"] == 0
    assert sum(amount for *_rest, amount in told["lines"]) == balance(saving)
    assert amounts(whole, "CONTRIBUTION") == 60_000 * NAIRA
    assert amounts(whole, "FEE") == -50 * NAIRA
    with acting_as_service():
        days = Accrual.objects.filter(saving=saving)
        assert days.count() == 20
        assert amounts(whole, "INTEREST") == sum(days.values_list("paid", flat=True)) > 0
        assert amounts(whole, "TAX") == -sum(days.values_list("tax", flat=True)) < 0


def test_two_statements_meet(ada: User) -> None:
    saving = rained(ada)
    first, second = statement(saving, ada, day(20), day(11)), statement(saving, ada, day(10), day(0))
    closing = first.facts["opening"] + sum(amount for *_rest, amount in first.facts["lines"])
    assert closing == second.facts["opening"] > 60_000 * NAIRA


def test_the_same_figures_are_the_same_paper_and_other_ones_a_new_one(ada: User) -> None:
    saving = rained(ada)
    one = statement(saving, ada, day(20), day(0))
    assert statement(saving, ada, day(20), day(0)) == one
    assert papers.statement_pdf(one) == papers.statement_pdf(one)
    services.contribute(saving_id=saving.pk, user=ada, amount=NAIRA, posting_id=posting_id(), at=AT)
    other = statement(saving, ada, day(20), day(0))
    assert (other.code, other.sha256) != (one.code, one.sha256)
    genuine = documents.confirm(code=one.code, address="10.0.0.9", at=AT)
    assert genuine is not None and genuine.kind == "Savings statement"


@pytest.mark.parametrize(
    ("since", "until", "field"), [(5, 6, "since"), (5, -1, "until"), (40, 30, "since"), (500, 0, "since")]
)
def test_days_that_cannot_be_are_refused(ada: User, since: int, until: int, field: str) -> None:
    saving = rained(ada)
    with pytest.raises(refusals.DaysInvalid) as refusal:
        statement(saving, ada, day(since), day(until))
    assert refusal.value.data["field"] == field


def test_figures_that_are_not_the_ledgers_make_no_paper(ada: User) -> None:
    """As where a row of the ledger came past the services."""
    saving = rained(ada)
    with acting_as_service():
        equity = wallet.system_account("EQUITY")
        stray = wallet.Line("SAVING", equity, saving.account_id, 1)
        wallet.post(posting_id=posting_id(), lines=[stray])
    with pytest.raises(papers.PaperDoesNotAddUp):
        statement(saving, ada, day(20), day(0))


def test_papers_are_bounded_and_nobody_elses(ada: User, bola: User, monkeypatch: Any) -> None:
    saving = rained(ada)
    with pytest.raises(refusals.SavingNotFound):
        statement(saving, bola, day(20), day(0))
    one = statement(saving, ada, day(20), day(0))
    monkeypatch.setattr(issuing, "MOST_A_DAY", 1)
    assert statement(saving, ada, day(20), day(0)) == one
    with pytest.raises(refusals.TooManyPapers):
        statement(saving, ada, day(20), day(1))
    with acting_as(bola):
        assert not Document.objects.exists()


def test_what_became_known_later_stands_on_its_day_and_the_paper_still_adds_up(ada: User) -> None:
    saving = rained(ada)
    enter_backdated(
        saving_id=saving.pk,
        amount=2_000 * NAIRA,
        value_date=day(15),
        reason="a deposit that lay about",
        posting_id=posting_id(),
        at=AT,
    )
    told = statement(saving, ada, day(20), day(0))
    assert [str(day(15)), "CONTRIBUTION", 200_000] in told.facts["lines"]
    assert sum(amount for *_rest, amount in told.facts["lines"]) == balance(saving)
    with acting_as(ada):
        posted = Entry.objects.filter(account_id=saving.account_id)
        assert not posted.filter(description__contains="lay about").exists()


# What was paid otherwise than day by day


def test_interest_up_front_and_what_breaking_takes_back_are_certified(ada: User) -> None:
    funded(ada)
    terms = replace(TEN, paid=Every.END, capitalised=Every.END)
    plan = plan_of("FIXED", terms=terms, up_front=True, shortest=30, longest=365)
    saving = opened(ada, plan, naira=50_000, at=moment(day(3)), wish=Wish(name="Shop", days=90))
    paid, tax = saving.paid_at_start, saving.tax_at_start
    assert paid > 0
    told = statement(saving, ada, day(3), day(0)).facts
    assert told["at_start"] == [paid, tax]
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=AT)
    services.end_saving(quote_id=quote.pk, user=ada, at=AT)
    years = {day(0).year, day(3).year}
    with acting_as(ada):
        rows = [row for year in years for row in papers.certified(user=ada, year=year)]
    assert sum(row.interest for row in rows) == paid - quote.taken_back + quote.interest
    assert sum(row.tax for row in rows) == tax - quote.tax_back + quote.tax
    ended = statement(saving, ada, day(3), day(0))
    assert sum(amount for *_rest, amount in ended.facts["lines"]) == 0
    assert papers.statement_pdf(ended).startswith(b"%PDF")


def test_a_saving_that_was_saved_again_ends_at_nothing(ada: User) -> None:
    funded(ada)
    plan = plan_of("FIXED", terms=replace(TEN, paid=Every.END), shortest=30, longest=365)
    wish = Wish(name="Land", days=30, at_maturity="ROLL_PRINCIPAL")
    old = opened(ada, plan, naira=50_000, at=moment(day(32)), wish=wish)
    services.mature_due(at=AT)
    told = statement(old, ada, day(32), day(0))
    assert amounts(told, "ROLLED_OVER") == -50_000 * NAIRA
    assert sum(amount for *_rest, amount in told.facts["lines"]) == 0
    with acting_as_service():
        new = UserSavings.objects.get(rolled_from=old)
    fresh = statement(new, ada, day(2), day(0))
    assert amounts(fresh, "CONTRIBUTION") == 50_000 * NAIRA


def test_a_certificate_says_by_saving_what_the_ledger_paid_and_withheld(ada: User) -> None:
    saving = rained(ada)
    statement(saving, ada, day(20), day(0))
    with acting_as(ada):
        years = papers.years_of(user=ada, on=day(0))
        issued = [papers.issue_certificate(user=ada, year=year, at=AT) for year in years]
        posted = dict(
            Entry.objects.filter(account_id=saving.account_id, kind__in=("INTEREST", "WITHHOLDING_TAX"))
            .order_by("kind")
            .values_list("kind")
            .annotate(total=Sum("change"))
        )
    rows = [row for one in issued for row in one.facts["rows"]]
    assert sum(row[2] for row in rows) == posted["INTEREST"]
    assert sum(row[3] for row in rows) == -posted["WITHHOLDING_TAX"]
    again = papers.issue_certificate(user=ada, year=years[0], at=AT)
    assert again == issued[0]
    assert papers.certificate_pdf(again) == papers.certificate_pdf(again)
    with pytest.raises(refusals.DaysInvalid):
        papers.issue_certificate(user=ada, year=1999, at=AT)


# Pages


def test_the_pages_give_out_papers(ada: User, bola: User) -> None:
    saving = rained(ada)
    browser, here = browser_of(ada), f"/savings/{saving.pk}/papers/"
    assert "Choose the days you need" in text(browser.get(here))
    days = {"since": str(day(20)), "until": str(day(0))}
    drawn = browser.get(f"{here}statement.pdf", days)
    assert drawn["Content-Type"] == "application/pdf" and drawn.content.startswith(b"%PDF")
    assert "code" in text(browser.get(here))
    wrong = browser.get(f"{here}statement.pdf", {"since": str(day(0)), "until": str(day(3))})
    assert wrong.status_code == 422 and "before the day" in text(wrong)
    early = browser.get(f"{here}statement.pdf", {"since": str(day(60)), "until": str(day(50))})
    assert early.status_code == 422 and "Choose days of this saving" in text(early)
    listed = text(browser.get("/savings/certificates/"))
    assert str(day(0).year) in listed and "Rent" in listed
    assert browser.get(f"/savings/certificates/{day(0).year}.pdf").content.startswith(b"%PDF")
    assert browser.get("/savings/certificates/1999.pdf").status_code == 404
    assert browser_of(bola).get(here).status_code == 404
    assert browser_of(bola).get(f"{here}statement.pdf", days).status_code == 404
    assert "Nothing was saved yet" in text(browser_of(bola).get("/savings/certificates/"))
