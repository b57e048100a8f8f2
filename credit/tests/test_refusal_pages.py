"""A refusal, page by page: why, what would help, and having it looked at again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from credit.models import (
    AdverseAction,
    Application,
    BureauReport,
    Case,
    Consent,
    StatusChange,
)
from credit.tests.world import NAIRA, agree, application
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, text

pytestmark = pytest.mark.django_db
LAKH = 100_000 * NAIRA


@pytest.fixture
def browser(ada: User) -> Client:
    make_wallet(ada, tier=3)
    return browser_of(ada)


def own(draft: Application, rest: str = "") -> str:
    return f"/borrow/applications/{draft.pk}/{rest}"


@pytest.fixture
def declined(ada: User) -> Application:
    asked, at = application(ada, state="DECLINED"), timezone.now()
    agree(asked, "SOFT_SEARCH")
    with acting_as_service():
        StatusChange.objects.create(
            application=asked, was="SUBMITTED", now="DECLINED", event="decline", who="system", on=at.date()
        )
        AdverseAction.objects.create(
            application=asked,
            kind="DECLINED",
            reasons=["Pay to income: 34 %. Best: under 5 %"],
            bureaux=[{"bureau": "savanna", "name": "Savanna", "on": "2026-12-01"}],
            due_at=at + timedelta(days=30),
        )
        BureauReport.objects.create(
            application=asked,
            bureau="savanna",
            kind="SOFT",
            consent=Consent.objects.get(application=asked, kind="SOFT_SEARCH"),
            state="ANSWERED",
            mapped={
                "found": True,
                "inquiries": 3,
                "lines": [
                    {
                        "lender": "Old Bank",
                        "opened": "2020-01-01",
                        "standing": "LATE",
                        "owed": 5_000_00,
                        "monthly": 1_000_00,
                        "late_days": 40,
                    }
                ],
            },
            asked_at=at,
            answered_at=at,
        )
    return asked


def test_a_refusal_says_why_and_can_be_looked_at_again_once(browser: Client, declined: Application) -> None:
    page = text(browser.get(own(declined, "decision/")))
    for words in ("Pay to income: 34 %", "Old Bank", "₦5,000.00", "3 searches", "Have a person look again"):
        assert words in page
    where = own(declined, "decision/review/")
    assert browser.post(where, {"text": "short"}).status_code == 422
    for _press in range(2):
        assert browser.post(where, {"text": "My pay has gone up since."})["Location"] == own(
            declined, "decision/"
        )
    with acting_as_service():
        assert Case.objects.filter(application=declined, kind="REVIEW").count() == 1
    page = text(browser.get(own(declined, "decision/")))
    assert "A person looks at it again" in page and "Have a person look again" not in page


def test_a_bureaus_entry_can_be_disputed(browser: Client, declined: Application) -> None:
    with acting_as_service():
        report = BureauReport.objects.get()
    where = own(declined, f"decision/dispute/{report.pk}/")
    assert browser.post(where, {"text": "no"}).status_code == 422
    assert browser.post(where, {"text": "I paid Old Bank in May."}).status_code == 302
    page = text(browser.get(own(declined, "decision/")))
    assert "Disputed on" in page and "Something in it is wrong" not in page


def test_where_nothing_was_refused_there_is_no_decision(browser: Client, ada: User) -> None:
    asked = application(ada)
    assert browser.get(own(asked, "decision/"))["Location"] == own(asked)
