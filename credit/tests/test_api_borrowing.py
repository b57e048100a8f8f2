"""Borrowing by the API: from looking at what is lent to a loan that is paid off, and what is refused on the way."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.api import ids
from credit.consents import CURRENT
from credit.models import (
    AdverseAction,
    Application,
    BureauReport,
    Case,
    Loan,
    ProductTerms,
    Question,
    StatusChange,
)
from credit.services import disbursing
from credit.services import signing as signing_service
from credit.tests.agreed import owner_of, search
from credit.tests.api import cap, cbd, cln, get, post
from credit.tests.bidding import listed, offer
from credit.tests.scored import answered, poor
from credit.tests.world import DAY, NAIRA, day, lender, lent, moment, product
from wallet.models import Account
from wallet.tests.api import client_of, problem
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db
NEEDED = ("SOFT_SEARCH", "SCORING", "SHARE_FILE")
ANSWERS: dict[str, Any] = {
    "purpose": "BUSINESS",
    "purpose_text": "Stock for my shop",
    "employment": "EMPLOYED",
    "employed_since": "2020-03-01",
    "income": 400_000 * NAIRA,
    "expenses": 150_000 * NAIRA,
    "debts": 0,
    "released": ["income", "score"],
}


@pytest.fixture
def owner(db: None) -> User:
    return make_person()


@pytest.fixture
def terms(owner: User) -> ProductTerms:
    return product(lender(owner), highest_rate=Decimal(30))


@pytest.fixture
def api(ada: User) -> APIClient:
    make_wallet(ada, tier=3)
    return client_of(ada)


def purse(user: User) -> int:
    with acting_as_service():
        return Account.objects.get(owner=user, kind="WALLET").balance


def test_what_is_lent_is_compared_and_worked_out(api: APIClient, terms: ProductTerms, bola: User) -> None:
    dear = product(lender(bola, name="Dear"), least=1_000_000 * NAIRA)
    [second, first] = get(api, "loan-products?amount=20000000&count=12")["data"]
    assert first["lender"]["name"] == "Harvest Credit" and first["figures"]["bars"] == []
    assert second["figures"]["bars"] == ["AMOUNT"] and second["figures"]["at_highest_rate"] is None
    most = first["figures"]["at_highest_rate"]
    assert (most["rate"], most["fees"], most["received"]) == ("30.0000", 200_000, 19_800_000)
    one = ids.encode("cpd", terms.product_id)
    assert get(api, f"loan-products/{one}")["figures"] is None
    asked = {"product": one, "amount": 20_000_000, "currency": "NGN", "count": 12}
    found = post(api, "loan-calculations", asked).json()
    assert found["cost"] == most
    rows = found["instalments"]
    assert sum(row["principal"] for row in rows) == 20_000_000 and rows[-1]["left"] == 0
    assert sum(row["payment"] for row in rows) == most["total_payable"]
    free = post(
        api, "loan-calculations", {"amount": 10_000_000, "currency": "NGN", "count": 2, "rate": "0"}
    ).json()
    assert free["cost"]["interest"] == 0 and free["cost"]["apr"] == "0.00"
    lenders = get(api, f"loan-products?lender={ids.encode('cpr', dear.product.provider_id)}")["data"]
    assert [each["name"] for each in lenders] == ["Steady"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"rate": "31"}, "/rate"),
        ({"count": 60, "amount": 500_001 * NAIRA * 10}, "/amount"),
        ({"fee_percent": "1"}, "/fee_percent"),
        ({"amount": 100 * NAIRA}, "/amount"),
    ],
)
def test_what_a_product_does_not_lend_is_said_by_field(
    api: APIClient, terms: ProductTerms, changes: dict[str, Any], pointer: str
) -> None:
    asked = {"product": ids.encode("cpd", terms.product_id), "amount": 20_000_000, "currency": "NGN"}
    answer = post(api, "loan-calculations", {**asked, "count": 12, **changes})
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert answer.status_code == 400


def test_an_application_is_begun_answered_and_sent(api: APIClient, ada: User) -> None:
    begun = {"amount": 100_000 * NAIRA, "currency": "NGN", "count": 12}
    made = post(api, "loan-applications", begun, key="first")
    assert made.status_code == 201 and made.json()["state"] == "DRAFT"
    assert post(api, "loan-applications", begun, key="first").json() == made.json()
    where = f"loan-applications/{made.json()['id']}"
    assert made.json()["missing"] == ["loan", "work", "month", "lenders", "consents"]
    early = problem(post(api, f"{where}/submit"), 409, "credit_guard_unmet")
    assert set(early["data"]["unmet"]) == {"complete_file", "consent"}

    wrong = api.patch(f"/api/v1/{where}", {**ANSWERS, "employed_since": "2999-01-01"}, format="json")
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/employed_since"]
    assert get(api, where)["purpose"] == ""  # all of it or nothing
    done = api.patch(f"/api/v1/{where}", ANSWERS, format="json").json()
    assert done["missing"] == ["consents"]
    assert done["released"] == ["amount", "count", "purpose", "income", "score"]

    texts = {text["kind"]: text for text in get(api, f"{where}/consents")["consents"]}
    assert set(texts) == set(CURRENT) and not any(text["is_given"] for text in texts.values())
    stale = {"consents": [{"kind": "SCORING", "sha256": "0" * 64}]}
    problem(post(api, f"{where}/consents", stale), 409, "credit_consent_text_changed")
    seen = [{"kind": kind, "sha256": texts[kind]["sha256"]} for kind in (*NEEDED, "COLLECTION")]
    assert post(api, f"{where}/consents", {"consents": seen}).status_code == 200
    post(api, f"{where}/consents/COLLECTION/withdraw")
    problem(post(api, f"{where}/consents/ALL/withdraw"), 404, "not_found")
    given = {text["kind"] for text in get(api, f"{where}/consents")["consents"] if text["is_given"]}
    assert given == set(NEEDED)

    sent = post(api, f"{where}/submit").json()
    assert sent["state"] == "SUBMITTED" and sent["submitted_at"] and sent["missing"] == []
    problem(api.patch(f"/api/v1/{where}", {"income": 1}, format="json"), 409, "credit_state_refused")
    gone = post(api, f"{where}/withdraw", {"reason": "Found it elsewhere"}).json()
    assert gone["state"] == "WITHDRAWN" and gone["ended_at"]
    [listed_one] = get(api, "loan-applications?state=WITHDRAWN")["data"]
    assert listed_one["id"] == made.json()["id"]
    assert get(api, "loan-applications?state=DRAFT")["data"] == []


def test_what_an_officer_asks_is_answered_once(api: APIClient, ada: User, owner: User) -> None:
    asked = listed(ada, state="INCOMPLETE")
    with acting_as_service():
        question = Question.objects.create(
            application=asked, text="Where is your shop?", asked_by=owner, asked_at=timezone.now()
        )
    where = f"loan-applications/{cap(asked)}"
    [told] = get(api, where)["questions"]
    assert told["text"] == "Where is your shop?" and told["answered_at"] is None
    place = f"{where}/questions/{told['id']}/answer"
    after = post(api, place, {"text": "Balogun Street"}).json()
    assert after["state"] == "SUBMITTED" and after["questions"][0]["answer"] == "Balogun Street"
    assert post(api, place, {"text": "Elsewhere"}).json()["questions"][0]["answer"] == "Balogun Street"
    nowhere = f"{where}/questions/{ids.encode('cqn', asked.pk)}/answer"
    problem(post(api, nowhere, {"text": "Here"}), 404, "not_found")
    with acting_as_service():
        assert Question.objects.get(pk=question.pk).answer == "Balogun Street"


def test_a_refusal_says_why_and_is_looked_at_again_once(api: APIClient, ada: User) -> None:
    asked = poor(ada)
    report = answered(asked, "meridian")
    where = f"loan-applications/{cap(asked)}"
    problem(api.get(f"/api/v1/{where}/decision"), 404, "not_found")
    _decline(asked)
    told = get(api, f"{where}/decision")
    assert told["reasons"] == ["Pay to income 34 %"] and told["may_ask_for_review"]
    [said] = told["reports"]
    assert said["id"] == ids.encode("crp", report.pk) and said["lines"][0]["lender"] == "Kano Trust"
    wish = {"text": "My salary has risen since."}
    assert post(api, f"{where}/review", wish).json()["review"]["decided_at"] is None
    problem(post(api, f"{where}/review", wish), 409, "credit_review_refused")
    disputed = post(api, f"{where}/reports/{said['id']}/dispute", {"text": "That loan is paid off."})
    assert disputed.json()["disputed_at"]
    with acting_as_service():
        assert set(Case.objects.values_list("kind", flat=True)) == {"REVIEW", "DISPUTE"}
        assert BureauReport.objects.get(pk=report.pk).dispute == "That loan is paid off."


def _decline(asked: Application) -> None:
    with acting_as_service():
        Application.objects.filter(pk=asked.pk).update(state="DECLINED")
        StatusChange.objects.create(
            application=asked, was="SUBMITTED", now="DECLINED", event="decline", who="system", on=day(0)
        )
        AdverseAction.objects.create(
            application=asked,
            kind="DECLINED",
            reasons=["Pay to income 34 %"],
            due_at=timezone.now() + timedelta(days=30),
        )


def test_offers_are_ranked_one_is_accepted_signed_paid_out_and_cancelled(
    api: APIClient, ada: User, owner: User, terms: ProductTerms, bola: User
) -> None:
    asked = listed(ada)
    rival = product(lender(bola, name="Rival"))
    dear = offer(rival, asked, bola, rate=Decimal(40))
    cheap = offer(terms, asked, owner)
    where = f"loan-applications/{cap(asked)}"
    shown = get(api, f"{where}/offers")
    assert [each["id"] for each in shown["offers"]] == [cbd(cheap), cbd(dear)] and shown["is_open"]
    by_total = get(api, f"{where}/offers?sort=total")["offers"]
    assert [each["id"] for each in by_total] == [cbd(cheap), cbd(dear)]
    assert get(api, where)["offers"] == 2
    both = {"offers": [cbd(cheap), cbd(dear)]}
    problem(post(api, f"{where}/accept", both), 409, "credit_one_offer_only")

    made = post(api, f"{where}/accept", {"offers": [cbd(cheap)]}, key="yes")
    assert made.status_code == 201 and made.json()["state"] == "TO_SIGN"
    assert post(api, f"{where}/accept", {"offers": [cbd(cheap)]}, key="yes").json() == made.json()
    problem(post(api, f"{where}/accept", {"offers": [cbd(dear)]}), 409, "credit_state_refused")
    contract = get(api, f"{where}/contract")
    assert contract == made.json() and contract["needs_search_consent"]
    assert (contract["sha256"], contract["amount"]) == (cheap.sha256, 100_000 * NAIRA)
    assert [share["offer"] for share in contract["shares"]] == [cbd(cheap)]
    paper = api.get(f"/api/v1/{where}/contract/agreement.pdf")
    assert paper["Content-Type"] == "application/pdf" and paper.content.startswith(b"%PDF")

    problem(
        post(api, f"{where}/contract/sign", {"sha256": contract["sha256"]}),
        422,
        "credit_hard_search_not_agreed",
    )
    words = CURRENT["HARD_SEARCH"].sha256
    problem(post(api, f"{where}/contract/sign", {"sha256": "0" * 64, "search_consent": words}), 409, CHANGED)
    signed = post(
        api, f"{where}/contract/sign", {"sha256": contract["sha256"], "search_consent": words}
    ).json()
    assert signed["state"] == "WITH_LENDER" and not signed["may_cancel"]

    now = timezone.now()
    search(asked, now + DAY)
    facts = {"application_id": asked.pk, "sha256": contract["sha256"], "at": now}
    provider = terms.product.provider
    signing_service.provider_sign(provider_id=provider.pk, by=owner_of(provider), **facts)
    assert get(api, f"{where}/contract")["state"] == "SIGNED"
    assert disbursing.disburse(application_id=asked.pk, at=timezone.now())
    paid = get(api, f"{where}/contract")
    assert (paid["state"], paid["may_cancel"], paid["loan"]) == (
        "PAID_OUT",
        True,
        ids.encode("cln", asked.pk),
    )
    assert get(api, where)["loan"] == paid["loan"] and purse(ada) == 99_000 * NAIRA
    ended = post(api, f"{where}/contract/cancel", key="back")
    assert ended.json()["state"] == "ENDED" and purse(ada) == 0
    assert post(api, f"{where}/contract/cancel", key="back").json() == ended.json()
    loan = f"loans/{paid['loan']}"
    assert get(api, loan)["state"] == "CANCELLED" and get(api, loan)["outstanding"]["total"] == 0
    assert get(api, f"{loan}/proof")["is_proven"]


CHANGED = "credit_terms_changed"


@pytest.fixture
def loan(ada: User, terms: ProductTerms) -> Loan:
    return lent(ada, terms, count=6, at=moment(day(40)), wallet_naira=500_000)


def test_a_loan_is_read_paid_on_and_paid_off(ada: User, loan: Loan) -> None:
    api, where = client_of(ada), f"loans/{cln(loan)}"
    [row] = get(api, "loans")["data"]
    told = get(api, where)
    assert row["id"] == told["id"] == cln(loan) and told["number"] == loan.number
    assert told["outstanding"]["due"] > 0 and told["next_instalment"]["number"] == 2
    rows = get(api, f"{where}/schedule")["instalments"]
    assert [each["status"] for each in rows][:2] == ["LATE", "COMING"] and len(rows) == 6
    assert sum(each["principal"] for each in rows) == loan.amount
    [version] = get(api, f"{where}/schedule-versions")["data"]
    assert version["kind"] == "DISBURSEMENT" and len(version["instalments"]) == 6

    amount = 50_000 * NAIRA
    looked = post(api, f"{where}/repayment-previews", {"amount": amount, "currency": "NGN"}).json()
    split = looked["split"]
    assert split["interest"] + split["principal"] + split["penalties"] == amount and split["ahead"] > 0
    assert {each["effect"] for each in looked["choices"]} == {"SMALLER", "FEWER", "POSTPONED"}
    order = {"amount": amount, "currency": "NGN", "effect": "FEWER", "expected": split}
    before = purse(ada)
    wrong = {**order, "expected": {**split, "ahead": split["ahead"] + 1}}
    problem(post(api, f"{where}/repayments", wrong), 409, "loan_split_changed")
    made = post(api, f"{where}/repayments", order, key="march")
    assert made.status_code == 201 and made.json()["kind"] == "REPAYMENT"
    assert {name: made.json()[name] for name in split} == split
    assert post(api, f"{where}/repayments", order, key="march").json() == made.json()
    assert purse(ada) == before - amount
    newest = get(api, f"{where}/transactions?limit=1")
    assert newest["data"] == [made.json()] and newest["has_more"]
    paid = get(api, f"{where}/transactions?kind=REPAYMENT")["data"]
    assert [each["id"] for each in paid] == [made.json()["id"]]
    assert get(api, f"{where}/proof")["differences"] == []

    early = problem(api.get(f"/api/v1/{where}/discharge-letter.pdf"), 409, "loan_not_ended")
    assert early["detail"]
    quote = post(api, f"{where}/payoff-quotes").json()
    assert quote["total"] == get(api, where)["outstanding"]["total"] and quote["paid_at"] is None
    place = f"{where}/payoff-quotes/{quote['id']}"
    assert get(api, place) == quote
    done = post(api, f"{place}/pay", key="off").json()
    assert done["paid_at"] and done["transaction"]
    assert post(api, f"{place}/pay", key="off again").json() == done
    assert purse(ada) == before - amount - quote["total"]
    ended = get(api, where)
    assert (ended["state"], ended["outstanding"]["total"], ended["closed_on"]) == (
        "CLOSED_MET",
        0,
        str(day(0)),
    )
    problem(post(api, f"{where}/repayments", {"amount": 1, "currency": "NGN"}), 409, "credit_state_refused")
    proof = get(api, f"{where}/proof")
    assert proof["is_proven"] and proof["compared"] > 30
    [first] = [each for each in proof["periods"] if each["number"] == 1]
    assert abs(Decimal(first["earned"]) - first["charged"]) <= Decimal("0.5")
    for paper in ("statement.pdf", "discharge-letter.pdf"):
        assert api.get(f"/api/v1/{where}/{paper}").content.startswith(b"%PDF")


def test_what_is_paid_too_much_comes_back(ada: User, loan: Loan) -> None:
    api, where = client_of(ada), f"loans/{cln(loan)}"
    had, owed = purse(ada), post(api, f"{where}/payoff-quotes").json()["total"]
    problem(post(api, f"{where}/refunds"), 409, "credit_state_refused")
    paid = post(api, f"{where}/repayments", {"amount": owed + 5_000, "currency": "NGN"}).json()
    assert paid["overpaid"] == 5_000
    back = post(api, f"{where}/refunds")
    assert back.status_code == 201 and back.json()["amount"] == 5_000
    assert purse(ada) == had - owed and get(api, where)["state"] == "CLOSED_MET"


def test_help_is_asked_for_once_at_a_time_and_taken_back(ada: User, loan: Loan) -> None:
    api, where = client_of(ada), f"loans/{cln(loan)}/hardship-requests"
    wish = {"wish": "LONGER", "text": "My hours were cut.", "can_pay": 10_000 * NAIRA}
    made = post(api, where, wish)
    assert made.status_code == 201 and made.json()["state"] == "ASKED"
    problem(post(api, where, wish), 409, "loan_help_asked_already")
    gone = post(api, f"{where}/{made.json()['id']}/withdraw").json()
    assert gone["state"] == "WITHDRAWN" and gone["ended_at"]
    problem(post(api, f"{where}/{made.json()['id']}/withdraw"), 404, "loan_help_not_found")
    assert post(api, where, wish).status_code == 201
    assert [each["state"] for each in get(api, where)["data"]] == ["ASKED", "WITHDRAWN"]
