"""A lender's programs: the market, offers, agreements, loans and rules by an organisation's key; others see nothing."""

import itertools
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.event_types import all_event_types
from accounts.models import Membership, User
from accounts.services import api_keys
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.api.ids import encode
from credit.api.scopes import LENDING_SCOPES
from credit.models import (
    Application,
    Bid,
    FileView,
    ProductTerms,
    Provider,
    Signature,
)
from credit.services import disbursing, signing
from credit.services.closing import close_loan
from credit.tests import agreed, bidding
from credit.tests.world import DAY, day, lender, lent, product
from realtime.models import Message
from wallet.models import Hold
from wallet.tests.api import problem

pytestmark = pytest.mark.django_db
_keys = itertools.count(1)


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
        told = [(each.event, each.payload) for each in found if each.event.startswith("credit.")]
    for event, payload in told:
        assert payload.keys() == all_event_types()[event].example.keys(), event
    return told


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
    assert get(api, f"applications?most={asked.amount - 1}").json()["data"] == []
    file = get(api, f"applications/{name}").json()
    assert (file["income"], file["expenses"]) == (asked.income, None) and "Ada" not in str(file)
    with acting_as_service():
        seen = FileView.objects.get(application=asked)
    assert (seen.watermark, seen.by_id, seen.provider_id) == (file["watermark"], None, provider.pk)

    first, again = (post(api, "bids", order(asked, terms), key="one") for _twice in range(2))
    assert first.status_code == 201, first.content
    assert first.content == again.content and again["Idempotent-Replayed"] == "true"
    made = first.json()
    assert bidding.held(terms) == made["reserve"] == made["received"] + made["our_fee"] + made["our_tax"]
    assert get(api, f"applications/{name}").json()["own_bid"] == made["id"]
    refused = problem(post(api, "bids", order(asked, terms)), 409, "credit_offer_barred")
    assert "ALREADY_OFFERED" in str(refused["data"]["bars"]).upper() or refused["data"]["bars"]
    wrong = {"amount": asked.amount // 2, "currency": "USD"}
    problem(post(api, "bids", order(asked, terms, **wrong)), 409, "currency_mismatch")

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
    rival = bidding.offer(
        product(lender(make_person(name="Rival One"), name="Rival")), asked, _owner_of_last()
    )
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


def _owner_of_last() -> User:
    with acting_as_service():
        return Membership.objects.select_related("user").order_by("-pk")[0].user


def test_agreements_are_signed_and_refused_by_a_key(owner: User, ada: User) -> None:
    at = timezone.now()
    made = agreed.accepted(ada, [owner], at=at)
    with acting_as_service():
        provider = made.shares.select_related("provider__organization").get().provider
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
    with acting_as_service():
        provider = made.shares.select_related("provider__organization").get().provider
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
    loan = lent(ada, product(lender(owner)), on=day(45))
    with acting_as_service():
        provider = Provider.objects.select_related("organization").get(organization__memberships__user=owner)
        close_loan(loan.pk, until=day(0)) if False else None
    api = key_of(provider, owner)
    summary = get(api, "summary").json()
    assert (summary["loans"], summary["lent"], summary["owed"]) == (1, loan.amount, loan.amount)
    rows = get(api, f"loans/{encode('cln', loan.pk)}/transactions").json()["data"]
    assert [(each["kind"], each["own"]["principal"]) for each in rows] == [("DISBURSEMENT", -loan.amount)]
