"""Requests about lending made from the API's own document: no fault, no undocumented answer."""

from itertools import count
from typing import Any

import pytest
import schemathesis
from django.utils import timezone
from schemathesis import GenerationMode

from accounts.models import User
from core.api.ids import encode
from credit.services import signing
from credit.tests import agreed, bidding
from credit.tests.test_lending_api import provider_of
from credit.tests.world import DAY, lent, product, rule
from wallet.tests.test_schema import CHECKS, walk

GOOD = {
    *("list_lenders", "get_lending_summary", "list_lending_products", "get_lending_product"),
    *("list_lending_rules", "create_lending_rule", "get_lending_rule", "pause_lending_rule"),
    *("list_lending_applications", "get_lending_application", "list_lending_bids", "create_lending_bid"),
    *("get_lending_bid", "list_lending_contracts", "get_lending_contract", "sign_lending_contract"),
    *("list_lending_loans", "get_lending_loan", "get_lending_schedule", "list_lending_transactions"),
}


@pytest.mark.django_db(transaction=True)
def test_right_requests_about_lending_are_answered_as_documented(
    ada: User, bola: User, settings: Any
) -> None:
    settings.API_RATE_LIMITS = {"default": "100000/minute", "money": "100000/minute"}
    at = timezone.now()
    made = agreed.accepted(bola, [ada], at=at)
    signing.sign(application_id=made.application_id, user=bola, sha256=made.sha256, at=at)
    terms = product(provider_of(ada), name="Second")
    offered, open_now = bidding.listed(bola), bidding.listed(bola)
    bid, ruled, loan = bidding.offer(terms, offered, ada), rule(terms), lent(bola, terms)
    real = {
        "applications": encode("cap", open_now.pk),
        "products": encode("cpd", terms.product_id),
        "rules": encode("cru", ruled.pk),
        "bids": encode("cbd", bid.pk),
        "contracts": encode("cct", made.pk),
        "loans": encode("cln", loan.pk),
    }
    offer = {
        "application": real["applications"],
        "product": real["products"],
        "amount": open_now.amount,
        "currency": "NGN",
        "count": open_now.count,
        "rate": "24",
        "expires_at": (at + DAY).isoformat(),
    }
    turn = count()

    def about_real_things(case: schemathesis.Case) -> None:
        """Three in four: the others are about what is not there. Nothing real is ended, for more is asked about it."""
        kind = case.path.split("/")[4]
        if next(turn) % 4 == 0:
            return
        if isinstance(case.query, dict):
            case.query.pop("lender", None)
        if "id" in case.path_parameters and not case.path.endswith(("/end", "/refuse", "/withdraw")):
            case.path_parameters["id"] = real[kind]
        if case.path.endswith("/bids") and case.method == "POST":
            case.body = dict(offer)
        if case.path.endswith("/rules") and case.method == "POST":
            case.body = {"product": real["products"], "name": "All", "rate": "24"}
        if case.path.endswith("/sign"):
            case.body = {"sha256": made.sha256}

    good = walk(ada, GenerationMode.POSITIVE, CHECKS, about_real_things, under="/api/v1/lending")
    assert good >= GOOD, GOOD - good
