"""A lender's programs: the market, offers, agreements, loans and rules by an organisation's key; others see nothing."""

import itertools
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.event_types import all_event_types
from accounts.models import Membership, User
from accounts.services import api_keys
from accounts.tests.factories import make_person
from core.actors import acting, acting_as_service, organization
from core.api.ids import encode
from core.ids import posting_id, uuid7
from credit.api.scopes import LENDING_SCOPES
from credit.models import Application, Bid, FileView, ProductTerms, Provider, Signature
from credit.product_rules import ProductRules
from credit.services import disbursing, repaying, signing
from credit.terms import Grace, Method, Paying, Rounding
from credit.tests import agreed, bidding
from credit.tests.closing import closed
from credit.tests.world import DAY, NAIRA, day, lender, lent, moment, product, rule
from realtime.models import Message
from wallet.models import Hold
from wallet.tests.api import client_of, problem

pytestmark = pytest.mark.django_db
_keys = itertools.count(1)
ASKED = 100_000 * NAIRA


def key_of(provider: Provider, owner: User, *scopes: str, mode: str = "LIVE") -> APIClient:
    """A program with the key of a lender's organisation."""
    made = api_keys.make(
        organization_id=provider.organization_id,
        by=owner,
        name="desk",
        mode=mode,
        scopes=scopes or LENDING_SCOPES,
        at=timezone.now(),
    )
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.secret}")
    return client


def get(client: APIClient, path: str) -> Any:
    return client.get(f"/api/v1/lending/{path}")


def post(client: APIClient, path: str, body: Any = None, key: str = "") -> Any:
    headers = {"Idempotency-Key": key or f"lender {next(_keys)}"}
    return client.post(f"/api/v1/lending/{path}", body or {}, format="json", headers=headers)


def order(asked: Application, terms: ProductTerms, **changes: Any) -> dict[str, Any]:
    return {
        "application": encode("cap", asked.pk),
        "product": encode("cpd", terms.product_id),
        "amount": asked.amount,
        "currency": "NGN",
        "count": asked.count,
        "rate": "24",
        "expires_at": (timezone.now() + 5 * DAY).isoformat(),
        **changes,
    }


def events_to(provider: Provider) -> list[tuple[str, dict[str, Any]]]:
    """What an organisation was told, each with exactly the keys that the catalogue shows."""
    with acting_as_service():
        found = Message.objects.filter(topic=f"org:{provider.organization_id}").order_by("pk")
        told = [(each.event, each.payload or {}) for each in found if each.event.startswith("credit.")]
    for event, payload in told:
        assert payload.keys() == all_event_types()[event].example.keys(), event
    return told


def provider_of(owner: User) -> Provider:
    with acting_as_service():
        return Provider.objects.select_related("organization").get(organization__memberships__user=owner)


@pytest.fixture
def owner() -> User:
    return make_person(name="Lara Bello")


@pytest.fixture
def terms(owner: User) -> ProductTerms:
    return product(lender(owner))


@pytest.fixture
def asked(ada: User) -> Application:
    return bidding.listed(ada)


def test_an_offer_from_the_market_to_its_outcome(
    owner: User, terms: ProductTerms, asked: Application, ada: User
) -> None:
    provider = terms.product.provider
    api, name = key_of(provider, owner), encode("cap", asked.pk)
    [row] = get(api, "applications").json()["data"]
    assert (row["id"], row["amount"], row["own_bid"]) == (name, asked.amount, None)
    assert get(api, f"applications?most={ASKED - 1}").json()["data"] == []
    file = get(api, f"applications/{name}").json()
    assert (file["income"], file["expenses"]) == (asked.income, None) and "Ada" not in str(file)
    with acting_as_service():
        seen = FileView.objects.get(application=asked)
    assert (seen.watermark, seen.by_id, seen.provider_id) == (file["watermark"], None, provider.pk)

    body = order(asked, terms)
    first, again = (post(api, "bids", body, key="one") for _twice in range(2))
    assert first.status_code == 201, first.content
    assert first.content == again.content and again["Idempotent-Replayed"] == "true"
    made = first.json()
    assert bidding.held(terms) == made["reserve"] == made["received"] + made["our_fee"] + made["our_tax"]
    assert get(api, f"applications/{name}").json()["own_bid"] == made["id"]
    refused = problem(post(api, "bids", order(asked, terms)), 409, "credit_offer_barred")
    assert refused["data"]["bars"] == ["OFFER_ALREADY_LIVE"]
    wrong = {"amount": ASKED // 2, "currency": "USD"}
    problem(post(api, "bids", order(asked, terms, **wrong)), 422, "currency_mismatch")

    better = post(api, "bids", order(asked, terms, rate="20", replaces=made["id"])).json()
    assert (better["state"], better["replaces"], better["outcome"]) == ("LIVE", made["id"], None)
    assert get(api, f"bids/{made['id']}").json()["state"] == "SUPERSEDED"
    assert bidding.held(terms) == better["reserve"]
    gone = post(api, f"bids/{better['id']}/withdraw").json()
    assert gone["state"] == "WITHDRAWN" and bidding.held(terms) == 0
    assert post(api, f"bids/{better['id']}/withdraw").json() == gone

    last = post(api, "bids", order(asked, terms, rate="22")).json()
    with acting_as_service():
        bid = Bid.objects.get(application=asked, state="LIVE")
    other = make_person(name="Rival One")
    rival = bidding.offer(product(lender(other, name="Rival")), asked, other)
    bidding.accepted(asked, [rival])
    told = get(api, f"bids/{encode('cbd', bid.pk)}").json()
    assert (told["id"], told["state"]) == (last["id"], "LOST")
    outcome = told["outcome"]
    assert (outcome["rank"], outcome["among"]) == (1, 2)
    assert Decimal(outcome["chosen_apr_from"]) <= rival.apr < Decimal(outcome["chosen_apr_below"])
    listed = get(api, f"bids?state=LOST&application={name}").json()["data"]
    assert [each["id"] for each in listed] == [last["id"]]
    words = [event for event, _payload in events_to(provider)]
    assert words == [
        *("credit.bid_made", "credit.bid_superseded", "credit.bid_made", "credit.bid_withdrawn"),
        *("credit.bid_made", "credit.bid_lost"),
    ]


def test_agreements_are_signed_and_refused_by_a_key(owner: User, ada: User) -> None:
    at = timezone.now()
    made = agreed.accepted(ada, [owner], at=at)
    provider = provider_of(owner)
    api, name = key_of(provider, owner), encode("cct", made.pk)
    [row] = get(api, "contracts?state=TO_SIGN").json()["data"]
    assert (row["id"], row["borrower_signed"], row["you_signed"]) == (name, False, False)
    problem(post(api, f"contracts/{name}/sign", {"sha256": made.sha256}), 409, "credit_borrower_signs_first")
    assert get(api, f"contracts/{name}").json()["searches"] == []

    signing.sign(application_id=made.application_id, user=ada, sha256=made.sha256, at=at)
    told = get(api, f"contracts/{name}").json()
    assert (told["borrower"], told["terms"], told["borrower_signed"]) == ("Ada Obi", made.terms, True)
    assert [each["inquiries"] for each in told["searches"]] == [1] and told["watermark"]
    problem(post(api, f"contracts/{name}/sign", {"sha256": "0" * 64}), 409, "credit_terms_changed")
    twice = [post(api, f"contracts/{name}/sign", {"sha256": made.sha256}) for _again in range(2)]
    assert [each.status_code for each in twice] == [200, 200], twice[0].content
    assert twice[1].json()["state"] == "SIGNED" and twice[1].json()["you_signed"]
    with acting_as_service():
        assert [each.by_id for each in Signature.objects.filter(party_id=provider.pk)] == [None]

    assert disbursing.disburse(application_id=made.application_id, at=at)
    [loan] = get(api, "loans").json()["data"]
    assert (loan["contract"], loan["own"]["lent"], loan["own"]["owed"]) == (name, made.amount, made.amount)
    assert get(api, f"loans/{loan['id']}").json() == loan
    schedule = get(api, f"loans/{loan['id']}/schedule").json()
    assert sum(each["principal"] for each in schedule["rows"]) == made.amount
    assert {"Ada", "Obi", "ada"} & {*str([loan, schedule]).replace("'", " ").split()} == set()
    words = [event for event, _payload in events_to(provider)]
    assert words == ["credit.contract_to_sign", "credit.loan_paid_out"]


def test_not_going_on_gives_the_money_back_and_lists_it_again(owner: User, ada: User) -> None:
    made = agreed.accepted(ada, [owner], at=timezone.now())
    provider = provider_of(owner)
    api, name = key_of(provider, owner), encode("cct", made.pk)
    problem(post(api, f"contracts/{name}/refuse", {"reasons": ["OTHER"]}), 422, "credit_reasons_unclear")
    gone = post(api, f"contracts/{name}/refuse", {"reasons": ["INCOME"]})
    assert gone.status_code == 200 and gone.json()["state"] == "ENDED"
    assert agreed.state_of(made) == "LISTED"
    with acting_as_service():
        assert not Hold.objects.open().filter(account=provider.account_id).exists()
    assert events_to(provider) == [
        ("credit.application_listed", {"application": encode("cap", made.application_id)})
    ]


def test_loans_by_what_moved_and_how_late_they_are(owner: User, ada: User) -> None:
    loan = lent(ada, product(lender(owner)), at=moment(day(45)), wallet_naira=50_000)
    provider, name = provider_of(owner), encode("cln", loan.pk)
    late = closed(loan, day(0))
    api = key_of(provider, owner)
    summary = get(api, "summary").json()
    figures = ("loans", "lent", "owed", "late_loans")
    assert [summary[each] for each in figures] == [1, loan.amount, loan.amount, 1]
    [row] = get(api, "loans?bucket=DAYS_1_30&state=ACTIVE").json()["data"]
    assert (row["id"], row["days_late"], row["principal"]) == (name, late.overdue_days, loan.amount)
    assert get(api, "loans?bucket=CURRENT").json()["data"] == []

    paid = repaying.repay(
        loan_id=loan.pk, user=ada, amount=20_000 * NAIRA, posting_id=posting_id(), at=timezone.now()
    )
    newest, *_between, oldest = get(api, f"loans/{name}/transactions").json()["data"]
    assert (oldest["kind"], oldest["own"]["principal"]) == ("DISBURSEMENT", -loan.amount)
    assert (newest["kind"], newest["amount"]) == ("REPAYMENT", 20_000 * NAIRA)
    own = newest["own"]
    assert own["principal"] == paid.principal and sum(own.values()) == 20_000 * NAIRA
    assert get(api, f"loans/{name}").json()["own"]["owed"] == loan.amount - paid.principal
    schedule = get(api, f"loans/{name}/schedule").json()
    assert schedule["rows"][0]["status"] == "PAID" and schedule["principal"] == loan.amount - paid.principal
    assert [event for event, _payload in events_to(provider)] == [
        *("credit.loan_paid_out", "credit.loan_late", "credit.loan_repaid")
    ]
    assert events_to(provider)[-1][1]["interest"] == own["interest"]


def test_a_product_shows_each_rule_that_its_loans_are_made_by(owner: User) -> None:
    rules = ProductRules(
        method=Method.STEPPED,
        weights=(Decimal(1), Decimal("2.5")),
        grace=Grace(no_principal=1),
        rounding=Rounding(10_000),
        paying=Paying(row_by_row=False),
    )
    terms = product(lender(owner), rules=rules)
    [shown] = get(key_of(terms.product.provider, owner), "products").json()["data"]
    found = shown["terms"]["rules"]
    assert (found["method"], found["weights"], found["growth_every"]) == ("STEPPED", ["1.00", "2.50"], None)
    assert (found["grace"]["no_principal"], found["rounding"]["multiple"]) == (1, 10_000)
    assert (found["paying"]["row_by_row"], found["paying"]["accrued_first"]) == (False, True)
    assert shown["terms"]["late_charge"]["days_free"] == 3


def test_rules_are_made_rested_and_ended(owner: User, terms: ProductTerms) -> None:
    api = key_of(terms.product.provider, owner)
    body: dict[str, Any] = {
        "product": encode("cpd", terms.product_id),
        "name": "Steady incomes",
        "conditions": {"income": {"min": 20_000_000}, "purpose": {"in": ["BUSINESS"]}},
        "rate": "24",
    }
    made = post(api, "rules", body, key="r")
    assert made.status_code == 201, made.content
    assert post(api, "rules", body, key="r").content == made.content
    one = made.json()
    path = f"rules/{one['id']}"
    assert (one["is_on"], one["rate"], one["conditions"]) == (True, "24.0000", body["conditions"])
    for conditions, field in (
        ({"tribe": {"in": ["x"]}}, "tribe"),
        ({"income": {"min": "much"}}, "income"),
        ({"income": {"min": 2, "max": 1}}, "income"),
        ({"employed_since": {"min": "yesterday"}}, "employed_since"),
        ({"purpose": {"in": "BUSINESS"}}, "purpose"),
        ({"purpose": {"in": ["GAMBLING"]}}, "purpose"),
    ):
        refused = problem(post(api, "rules", {**body, "conditions": conditions}), 422, "auto_rule_invalid")
        assert refused["data"]["field"] == field
    problem(post(api, "rules", {**body, "rate": "60"}), 422, "auto_rule_invalid")
    assert post(api, f"{path}/pause").json()["is_on"] is False
    assert post(api, f"{path}/resume").json() == one == get(api, path).json()
    assert post(api, f"{path}/end").json()["ended_at"] is not None
    problem(post(api, f"{path}/resume"), 404, "auto_rule_not_found")
    [row] = get(api, "products").json()["data"]
    assert row["terms"]["highest_rate"] == "48.0000" and get(api, f"products/{row['id']}").json() == row
    assert [each["state"] for each in get(api, "lenders").json()["data"]] == ["ACTIVE"]


def test_another_lender_finds_nothing_and_a_missing_scope_is_named(
    owner: User, terms: ProductTerms, asked: Application, ada: User
) -> None:
    bid = bidding.offer(terms, asked, owner)
    ruled = rule(terms)
    loan = lent(make_person(), terms)
    rival = make_person(name="Rival One")
    other = lender(rival, name="Rival")
    api = key_of(other, rival)
    for name in ("bids", "contracts", "loans", "rules", "products"):
        assert get(api, name).json()["data"] == []
    for path in (
        f"bids/{encode('cbd', bid.pk)}",
        f"rules/{encode('cru', ruled.pk)}",
        f"products/{encode('cpd', terms.product_id)}",
        f"loans/{encode('cln', loan.pk)}",
        f"loans/{encode('cln', loan.pk)}/schedule",
        f"loans/{encode('cln', loan.pk)}/transactions",
        f"contracts/{encode('cct', loan.contract_id)}",
    ):
        assert get(api, path).status_code == 404, path
    assert post(api, f"bids/{encode('cbd', bid.pk)}/withdraw").status_code == 404
    signing_path = f"contracts/{encode('cct', loan.contract_id)}/sign"
    assert post(api, signing_path, {"sha256": "0" * 64}).status_code == 404
    assert post(api, f"rules/{encode('cru', ruled.pk)}/end").status_code == 404
    key = organization(organization_id=other.organization_id, key_id=uuid7(), mode="LIVE")
    with acting(key), connection.cursor() as cursor:
        for table in ("application", "bid", "contract", "share", "loan", "autorule", "loantransaction"):
            cursor.execute(f"select count(*) from credit_{table}")
            assert cursor.fetchone() == (0,), table

    reader = key_of(terms.product.provider, owner, "bids:read")
    problem(post(reader, "bids", order(asked, terms)), 403, "scope_missing")
    problem(get(reader, "loans"), 403, "scope_missing")
    problem(get(client_of(ada), "bids"), 404, "lender_not_found")


def test_a_test_key_rehearses_and_members_name_their_lender(
    owner: User, terms: ProductTerms, asked: Application
) -> None:
    rehearsing = key_of(terms.product.provider, owner, mode="TEST")
    assert post(rehearsing, "bids", order(asked, terms)).status_code == 201
    assert get(rehearsing, "bids").json()["data"] == [] and bidding.held(terms) == 0

    lender(owner, name="Second Credit")
    api, name = client_of(owner), encode("cpr", terms.product.provider_id)
    problem(post(api, "bids", order(asked, terms)), 404, "lender_not_found")
    assert post(api, "bids", order(asked, terms, lender=name)).status_code == 201
    assert len(get(api, f"bids?lender={name}").json()["data"]) == 1
    problem(get(api, "bids"), 404, "lender_not_found")
    looker = make_person(name="Looker Only")
    with acting_as_service():
        Membership.objects.create(
            organization=terms.product.provider.organization, user=looker, role=Membership.Role.MEMBER
        )
    assert len(get(client_of(looker), "bids").json()["data"]) == 1
    assert get(client_of(looker), "contracts").status_code == 403


def test_a_list_takes_as_many_queries_however_long(owner: User, terms: ProductTerms) -> None:
    api = key_of(terms.product.provider, owner)

    def one_more() -> dict[str, int]:
        bidding.offer(terms, bidding.listed(make_person()), owner)
        rule(terms)
        lent(make_person(), terms)
        found = {}
        for name in ("applications", "bids", "contracts", "loans", "rules", "products"):
            with CaptureQueriesContext(connection) as queries:
                assert get(api, name).status_code == 200
            found[name] = len(queries)
        return found

    one_more()
    assert one_more() == one_more()
