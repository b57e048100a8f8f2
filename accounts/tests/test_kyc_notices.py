"""What customers are told of their application: each event has its words, and mails hold no detail."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import notice_kinds, notice_words
from accounts.models import Notification, User
from accounts.services.kyc.telling import tell
from accounts.tasks import expire_applications
from accounts.tests.kyc import ACCOUNT, BVN, NIN, begin, send
from config.celery import app
from config.tests.test_own_data import read
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
EVENTS = ["submitted", "more_needed", "approved", "rejected", "expiring", "expired"]


@pytest.mark.parametrize("event", EVENTS)
def test_each_event_has_words_a_place_to_go_and_a_kind(ada: User, event: str):
    application = begin(ada)
    with acting_as_service():
        tell(application=application, event=f"kyc.{event}")
        notice = Notification.objects.get(user=ada)
    said = notice_words.said(notice)
    assert said.href == "/verify/" and "tier 2" in str(said.title)
    assert not any(letter.isdigit() for letter in str(said.outside))
    assert notice_kinds.kind_of(notice.event).code == "KYC"


def test_an_unfinished_application_is_looked_for_every_morning(ada: User):
    (planned,) = [each for each in app.conf.beat_schedule.values() if "expire_applications" in each["task"]]
    assert planned["task"] == expire_applications.name
    begin(ada, at=timezone.now() - timedelta(days=31))
    expire_applications()
    with acting_as_service():
        assert Notification.objects.filter(user=ada, event="kyc.expired").count() == 1


def test_what_a_customer_takes_home_tells_all_but_the_numbers(ada: User):
    send(ada)
    found = read(ada)
    (application,) = found["kyc_applications"]
    assert (application["first_name"], application["state"]) == ("Ada", "SUBMITTED")
    assert application["consent_text"].startswith("You ask us to raise your tier.")
    assert [one["last_four"] for one in found["identity_numbers"]] == ["8901", "8902"]
    assert found["kyc_bank_accounts"][0]["last_four"] == "6789"
    assert [one["to_state"] for one in found["kyc_states"]] == ["DRAFT", "SUBMITTED"]
    assert not any(number in str(found) for number in (BVN, NIN, ACCOUNT))
