"""Payouts for staff: those without an answer by age, asking again, and a decision that takes two people."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import roles
from accounts.models import User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet.models import Account, Payout
from wallet.services.approved import payout_outcomes
from wallet.services.approved.payout_outcomes import OutcomeUnclear, PayoutNotOpen
from wallet.services.payouts import settle_payout
from wallet.tests.approving import approve, browser_of, propose
from wallet.tests.deposits import calls_answered_again, fault
from wallet.tests.factories import make_wallet
from wallet.tests.payouts import (
    NAIRA,
    add_bank_account,
    at_sandbox,
    cases,
    decide,
    money,
    now,
    order,
    request,
)
from wallet.tests.test_payout_words import said

HAS, SENT, COST = 20_000 * NAIRA, 5_000 * NAIRA, 1_075
RIGHTS = ("wallet.view_payout", roles.CHECK_PAYOUT)


@pytest.fixture
def person(transactional_db) -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def purse(person) -> Account:
    return make_wallet(person, amount=HAS)


@pytest.fixture
def lost(paystack, settings, purse, person) -> Payout:
    """A payout whose answer got lost an hour ago."""
    settings.SANDBOX_TRANSFER_SECONDS = 3600
    payout = request(purse, add_bank_account(person))
    fault("DROP_REPLY", endpoint="transfer", remaining=3)
    fault("HTML_503", endpoint="transfer_verify", remaining=3)
    order(payout)
    calls_answered_again()
    hour_ago = timezone.now() - timedelta(hours=1)
    with acting_as_service():
        Payout.objects.filter(pk=payout.pk).update(unknown_since=hour_ago, ordered_at=hour_ago)
    return now(payout)


def staff(*rights: str) -> Client:
    return browser_of(make_colleague(*rights))


def test_those_without_an_answer_are_listed_by_their_age(lost):
    client = staff(*RIGHTS)
    assert lost.reference in client.get("/staff/wallet/payout/?unanswered=day").content.decode()
    for step in ("new", "older"):
        assert lost.reference not in client.get(f"/staff/wallet/payout/?unanswered={step}").content.decode()


def test_the_gateway_is_asked_again_and_nothing_is_paid_twice(lost):
    client, address = staff(*RIGHTS), f"/staff/wallet/payout/{lost.pk}/ask/"
    assert staff("wallet.view_payout").post(address).status_code == 403
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == 302
    assert now(lost).state == "SENT"
    assert len(at_sandbox(lost)) == 1


def outcome(payout: Payout, what: str, found_as: str = "") -> dict[str, str]:
    return {"payout": str(payout.pk), "outcome": what, "gateway_transfer": found_as}


def propose_it(payload: dict[str, str]):
    maker = make_colleague(roles.PROPOSE_PAYOUT_OUTCOME)
    return propose(
        payout_outcomes.CODE, payload, by=maker, target=payout_outcomes.target_of(payload["payout"])
    )


def approve_it(payload: dict[str, str]) -> None:
    approve(propose_it(payload), by=make_colleague(roles.APPROVE_PAYOUT_OUTCOME))


def test_two_people_take_it_as_sent_as_it_was_found(lost, purse):
    approve_it(outcome(lost, "SENT", "TRF_found"))
    found = now(lost)
    assert (found.state, found.gateway_transfer) == ("SUCCEEDED", "TRF_found")
    assert money(purse) == (HAS - SENT - COST, 0)


def test_two_people_take_it_as_not_sent_and_a_late_success_is_a_case(lost, purse):
    approve_it(outcome(lost, "NOT_SENT"))
    assert (now(lost).state, money(purse)) == ("FAILED", (HAS, 0))
    decide(lost, "SUCCESS")

    settle_payout(payout_id=lost.pk, transfer=said(lost, "SUCCEEDED"), at=timezone.now())
    assert ("paid_after_all", "OPEN") in cases()
    assert money(purse) == (HAS, 0)


def test_what_is_fresh_or_has_an_end_or_is_unclear_is_not_decided(lost):
    with pytest.raises(OutcomeUnclear):
        propose_it(outcome(lost, "SENT"))
    with acting_as_service():
        Payout.objects.filter(pk=lost.pk).update(ordered_at=timezone.now())
    with pytest.raises(PayoutNotOpen):
        propose_it(outcome(lost, "NOT_SENT"))


def test_a_proposal_is_made_on_its_page(lost):
    client = staff("accounts.view_approval", "wallet.view_payout", roles.PROPOSE_PAYOUT_OUTCOME)
    page = client.get(f"/staff/wallet/payout/{lost.pk}/change/").content.decode()
    assert f"/staff/accounts/approval/propose/{payout_outcomes.CODE}/" in page
