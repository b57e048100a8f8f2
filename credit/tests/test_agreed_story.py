"""From offers to money and back, each step by its own service: one offer by actual days, and a pool."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit.agreement_words import sections
from credit.models import Contract, Loan
from credit.product_rules import ProductRules
from credit.services import cancelling, disbursing
from credit.services.agreement_papers import agreement_of
from credit.states import State
from credit.tests.agreed import agree_to_search, search, signed, state_of
from credit.tests.bidding import accepted, listed, offer
from credit.tests.hard import is_proven
from credit.tests.test_disbursing import wallet_of
from credit.tests.world import NAIRA, lender, product
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db


def read_signed_and_paid(made: Contract, ada: User) -> Loan:
    at = timezone.now()
    with acting_as_service():
        made = Contract.objects.select_related("application").get(pk=made.pk)
    told = agreement_of(contract=made, user=ada, at=at).facts
    assert (told["total_payable"], told["received"]) == (made.total_payable, made.received)
    assert sum(row[4] for row in told["rows"]) == made.total_payable
    assert sections(told)
    agree_to_search(made.application, at)
    search(made.application, at)
    signed(made, at=at)
    assert disbursing.disburse(application_id=made.application_id, at=at)
    with acting_as_service():
        return Loan.objects.get(pk=made.application_id)


def test_one_offer_by_actual_days() -> None:
    ada, owner = make_person(), make_person()
    make_wallet(ada, tier=3)
    terms = product(lender(owner), rules=ProductRules(day_count="ACT/365F"))
    asked = listed(ada)
    loan = read_signed_and_paid(accepted(asked, [offer(terms, asked, owner)]), ada)
    assert wallet_of(ada).balance == 99_000 * NAIRA
    is_proven(loan)


def test_a_pool_is_signed_by_each_paid_out_by_each_and_given_back_to_each() -> None:
    ada, owner, rival = make_person(), make_person(), make_person()
    make_wallet(ada, tier=3)
    asked = listed(ada, pools=True)
    bids = [
        offer(product(lender(by, name=name)), asked, by, amount=naira * NAIRA, rate=Decimal(rate))
        for by, name, naira, rate in ((owner, "Harvest", 60_000, 20), (rival, "Rival", 80_000, 30))
    ]
    loan = read_signed_and_paid(accepted(asked, bids), ada)
    is_proven(loan)
    cancelling.cancel(application_id=loan.pk, user=ada, at=timezone.now())
    assert state_of(loan) == State.CANCELLED
    assert wallet_of(ada).balance == 0
    is_proven(loan)
