"""Credit in the life of an account: what is exported, what keeps it open, and what ends with it."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services import account_life
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from credit import personal
from credit.models import Application
from credit.tests.applying import ready
from credit.tests.world import application, bid, day, lender, lent, moment, product

pytestmark = pytest.mark.django_db


def files(user: User) -> dict[str, list[Any]]:
    with acting_as(user):
        return {name: list(rows) for name, rows in personal.export(user)}


def test_a_person_takes_all_of_it_with_them_and_nothing_of_others(ada: User, bola: User) -> None:
    terms = product(lender(make_person()))
    lent(ada, terms, at=moment(day(3)))
    bid(application(ada), terms)
    ready(ada)
    mine = files(ada)
    # Nothing was searched, scored, asked, quoted or late here.
    for name in (
        "loan_applications",
        "loan_offers",
        "loan_contracts",
        "loans",
        "loan_instalments",
        "loan_consents",
    ):
        assert mine[name], name
    assert len(mine["loan_applications"]) == 3 and "our_fee" not in mine["loan_offers"][0]
    assert not any(files(bola).values())


def test_a_loan_or_an_accepted_offer_keeps_an_account_open_a_draft_is_withdrawn(
    ada: User, bola: User
) -> None:
    loan = lent(ada, product(lender(make_person())))
    application(ada, state="ACCEPTED")
    titles = [str(one.title) for one in account_life.blockers_of(user=ada)]
    assert f"Your loan {loan.number} goes on" in titles
    assert "You have accepted an offer for a loan" in titles
    draft = ready(bola)
    account_life.close_account(user=bola, at=timezone.now())
    with acting_as_service():
        assert Application.objects.get(pk=draft.pk).state == "WITHDRAWN"
