"""Whose loans the API shows and moves: a person's own, and of them what the credential was given for."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import bearer, make_person
from core.actors import acting_as, acting_as_service
from core.api import ids
from credit import models
from credit.api.borrower_urls import urlpatterns
from credit.consents import CURRENT
from credit.models import Question
from credit.services import hardship, paying_off
from credit.services.locking import database_now
from credit.tests.api import cap, cbd, cln, get, post
from credit.tests.bidding import listed, offer
from credit.tests.scored import answered
from credit.tests.servicing import paid
from credit.tests.world import NAIRA, agree, day, lender, lent, moment, product
from wallet.tests.api import client_of, client_with_key, problem
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db
SUM = {"amount": 10_000, "currency": "NGN"}
WORDS = {"text": "Please look at it again."}
HASH = "0" * 64
BODIES: dict[str, Any] = {
    "answer": WORDS,
    "review": WORDS,
    "dispute": WORDS,
    "accept": {"offers": ["cbd_" + "0" * 22]},
    "sign": {"sha256": HASH},
    "consents": {"consents": [{"kind": "SCORING", "sha256": CURRENT["SCORING"].sha256}]},
    "payouts": SUM,
    "repayments": SUM,
    "repayment-previews": SUM,
    "hardship-requests": {"wish": "TALK", "text": "Call me"},
}
PROVEN = ("accept", "sign", "payouts", "cancel", "repayments", "pay")


class Everything:
    """A loan of Ada's and an application that goes on, with all that can be about them."""

    def __init__(self, ada: User) -> None:
        self.owner, now = make_person(), timezone.now()
        self.terms = product(lender(self.owner))
        self.loan = lent(ada, self.terms, at=moment(day(20)), wallet_naira=50_000)
        self.asked = listed(ada)
        agree(self.asked, "SOFT_SEARCH")
        self.bid = offer(self.terms, self.asked, self.owner)
        self.report = answered(self.asked, "meridian")
        about = {"loan_id": self.loan.pk, "user": ada, "at": now}
        self.quote = paying_off.quote_payoff(**about)
        self.help = hardship.ask(wish="TALK", text="Call me", can_pay=None, **about)
        with acting_as_service():
            self.question = Question.objects.create(
                application=self.asked, text="Where?", asked_by=self.owner, asked_at=now
            )

    def address(self, pattern: str) -> str:
        names = {
            "<str:question>": ids.encode("cqn", self.question.pk),
            "<str:report>": ids.encode("crp", self.report.pk),
            "<str:quote>": ids.encode("cpq", self.quote.pk),
            "<str:hardship>": ids.encode("chs", self.help.pk),
            "<str:kind>": "SCORING",
            "<str:id>": cap(self.asked) if pattern.startswith("loan-app") else cln(self.loan),
        }
        return re.sub("<str:[a-z]+>", lambda found: names[found[0]], pattern)


PERSONAL = [
    pattern
    for each in urlpatterns
    if "<str:id>" in (pattern := str(each.pattern)) and not pattern.startswith("loan-products")
]


@pytest.fixture
def everything(ada: User) -> Everything:
    return Everything(ada)


def asked(client: APIClient, path: str) -> Iterator[Any]:
    """The answers of an address to each method that it offers."""
    yield client.get(f"/api/v1/{path}")
    yield client.patch(f"/api/v1/{path}", {"income": 1}, format="json")
    yield post(client, path, BODIES.get(path.rsplit("/", 1)[-1], {}))


def test_anothers_is_as_unknown_as_what_never_was(everything: Everything, bola: User) -> None:
    make_wallet(bola, amount=100_000)
    theirs = client_of(bola)
    for pattern in PERSONAL:
        path = everything.address(pattern)
        nowhere = re.sub("(cap|cln)_[0-9A-Za-z]{22}", lambda found: f"{found[1]}_{'0' * 22}", path)
        seen = set()
        for found, unknown in zip(asked(theirs, path), asked(theirs, nowhere), strict=True):
            assert found.status_code in (404, 405) and found.status_code == unknown.status_code, path
            told, other = found.json(), unknown.json()
            assert all(told[name] == other[name] for name in ("code", "title", "detail", "errors"))
            seen.add(found.status_code)
        assert 404 in seen, path
    for path in ("loans", "loan-applications"):
        assert get(theirs, path)["data"] == []


def test_what_is_anothers_is_not_reached_by_way_of_ones_own(everything: Everything, bola: User) -> None:
    own, mine = (
        lent(bola, everything.terms, at=moment(day(10)), wallet_naira=50_000),
        listed(bola, state="OFFERED"),
    )
    api, loan, form = client_of(bola), f"loans/{cln(own)}", f"loan-applications/{cap(mine)}"
    quote, aid = ids.encode("cpq", everything.quote.pk), ids.encode("chs", everything.help.pk)
    question, report = ids.encode("cqn", everything.question.pk), ids.encode("crp", everything.report.pk)
    problem(api.get(f"/api/v1/{loan}/payoff-quotes/{quote}"), 404, "not_found")
    problem(post(api, f"{loan}/payoff-quotes/{quote}/pay"), 404, "not_found")
    problem(post(api, f"{loan}/hardship-requests/{aid}/withdraw"), 404, "not_found")
    problem(post(api, f"{form}/questions/{question}/answer", WORDS), 404, "not_found")
    problem(post(api, f"{form}/reports/{report}/dispute", WORDS), 404, "not_found")
    problem(post(api, f"{form}/accept", {"offers": [cbd(everything.bid)]}), 404, "credit_bid_not_found")
    draft = listed(bola, state="DRAFT")
    stolen = {"purpose": "REFINANCE", "refinances": cln(everything.loan)}
    answer = api.patch(f"/api/v1/loan-applications/{cap(draft)}", stolen, format="json")
    problem(answer, 404, "loan_not_found")


def test_the_database_shows_another_none_of_it(everything: Everything, bola: User) -> None:
    kept = [models.Application, models.Consent, models.Question, models.Bid, models.BureauReport]
    kept += [models.Contract, models.Share, models.Loan, models.LoanTransaction, models.ScheduleVersion]
    kept += [models.Instalment, models.PayoffQuote, models.HardshipRequest, models.Position]
    for model in kept:
        with acting_as_service():
            assert model.objects.exists()
        with acting_as(bola):
            assert not model.objects.exists(), model


def test_an_organisations_key_looks_at_products_and_borrows_nothing(everything: Everything) -> None:
    key = client_with_key("credit:read", "credit:write")
    [one] = get(key, "loan-products?amount=10000000&count=12")["data"]
    assert one["figures"]["at_highest_rate"]["apr"]
    wish = {**SUM, "amount": 10_000_000, "count": 12, "product": one["id"]}
    assert post(key, "loan-calculations", wish).status_code == 200
    problem(post(key, "loan-applications", SUM), 403, "person_needed")
    for path in ("loans", "loan-applications"):
        problem(key.get(f"/api/v1/{path}"), 403, "person_needed")
    for pattern in PERSONAL:
        refused = {answer.status_code for answer in asked(key, everything.address(pattern))}
        assert refused <= {403, 405}


def test_a_missing_scope_is_named(everything: Everything) -> None:
    reads, writes = client_with_key("credit:read"), client_with_key("credit:write")
    for path in (f"loans/{cln(everything.loan)}/repayments", "loan-applications"):
        refused = problem(post(reads, path, SUM), 403, "scope_missing")
        assert refused["data"] == {"scope": "credit:write"}
    for path in ("loan-products", "loans", "loan-applications"):
        refused = problem(writes.get(f"/api/v1/{path}"), 403, "scope_missing")
        assert refused["data"] == {"scope": "credit:read"}


def test_what_binds_or_moves_money_asks_for_a_second_factor(everything: Everything, ada: User) -> None:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=bearer(ada)["Authorization"])
    for pattern in PERSONAL:
        path = everything.address(pattern)
        answer = post(api, path, BODIES.get(path.rsplit("/", 1)[-1], {}))
        is_refused = answer.status_code == 403 and answer.json()["code"] == "mfa_enrolment_required"
        assert is_refused == path.endswith(PROVEN), path


def test_lists_ask_no_more_for_many_than_for_few(everything: Everything, ada: User) -> None:
    api, loan = client_of(ada), f"loans/{cln(everything.loan)}"
    offers = f"loan-applications/{cap(everything.asked)}/offers"
    places = ("loan-products?amount=10000000&count=12", "loan-applications", "loans", offers)
    places += (f"{loan}/transactions", f"{loan}/schedule-versions", loan)

    def counted() -> dict[str, int]:
        numbers = {}
        for path in places:
            with CaptureQueriesContext(connection) as queries:
                get(api, path)
            numbers[path] = len(queries)
        return numbers

    _warm, few = counted(), counted()
    for number in range(3):
        terms = product(lender(make_person(), name=f"Lender {number}"))
        listed(ada, state="WITHDRAWN")
        lent(ada, terms, at=moment(day(5)))
        paid(ada, everything.loan, 1_000 * NAIRA, at=timezone.now())
        rate = Decimal(25 + number)
        offer(terms, everything.asked, _owner(terms), rate=rate, at=database_now())
    assert len(get(api, offers)["offers"]) == 4 and len(get(api, f"{loan}/schedule-versions")["data"]) > 1
    assert counted() == few


def _owner(terms: models.ProductTerms) -> User:
    with acting_as_service():
        return terms.product.provider.organization.memberships.get().user
