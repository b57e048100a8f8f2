"""What savers are told of their savings: each event has words, and none leads nowhere."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import notice_kinds, notice_words
from accounts.models import Notification, User
from core.actors import acting_as_service
from core.ids import uuid7
from savings import services
from savings.tests.saving_itself import empty, mornings, planned, quiet, towards
from savings.tests.world import day, funded, moment, opened
from wallet.tests.pages import browser_of, text

pytestmark = pytest.mark.django_db
SAVING = str(uuid7())
BASE = {"saving": SAVING, "name": "Rent", "currency": "NGN"}
DAY = {"automatic": SAVING, "day": "2026-11-02", "amount": 200_000, "reason": "There is not enough money."}


@pytest.mark.parametrize(
    ("event", "data", "title"),
    [
        ("saving.paid_out", {"amount": 500}, "Rent has come to its end: it is in your wallet"),
        (
            "saving.rolled_over",
            {"amount": 500, "into": SAVING},
            "Rent has come to its end and is saved again",
        ),
        ("saving.matured", {"reason": "Frozen."}, "Rent has come to its end, and could not be paid out yet"),
        ("saving.ended", {"amount": 0}, "You ended Rent: it is in your wallet"),
        (
            "saving.waiting",
            {**DAY, "again": "2026-11-03", "next_amount": None},
            "Nothing could be saved in Rent yet. We try again on 3 November.",
        ),
        ("saving.skipped", {**DAY, "next_amount": 266_667}, "2 November was skipped in Rent"),
        (
            "saving.paused_itself",
            {**DAY, "next_amount": None},
            "Rent is paused: nothing could be saved three times in a row",
        ),
    ],
)
def test_each_event_has_words(event: str, data: dict[str, Any], title: str) -> None:
    said = notice_words.said(Notification(event=event, data={**BASE, **data}))
    assert str(said.title) == title
    assert said.href.startswith(f"/savings/{SAVING}/")
    assert "Rent" not in str(said.outside) and "₦" not in str(said.outside)
    assert notice_kinds.kind_of(event).code == "SAVINGS"
    assert said.direction == ("in" if event == "saving.paid_out" else "")
    if event == "saving.skipped":
        assert said.note == "There is not enough money. From now on it is ₦2,666.67 each time."


def test_somebody_who_joined_a_group_is_named() -> None:
    data = {**BASE, "name": "Bola", "group": SAVING, "group_name": "Land in Epe"}
    said = notice_words.said(Notification(event="saving.group_joined", data=data))
    assert str(said.title) == "Bola saves in Land in Epe now"


def test_whoever_ends_a_saving_is_told_what_came_of_it(ada: User) -> None:
    funded(ada)
    saving = opened(ada, quiet(), at=moment(day(9)))
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=moment(day(8)))
    for _again in range(2):
        services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(8)))
    with acting_as_service():
        [notice] = Notification.objects.all()
    assert (notice.event, notice.data["amount"]) == ("saving.ended", quote.pays_out)


def test_the_bell_tells_of_a_day_that_was_skipped(ada: User) -> None:
    source = funded(ada)
    saving = towards(ada)
    facts = {"rhythm": "WEEKLY", "first_date": day(43), "at": moment(day(50)), "follows_target": True}
    planned(ada, saving, amount=0, **facts)
    empty(source)
    mornings(day(43), day(38))
    browser: Client = browser_of(ada)
    page = text(browser.get(reverse("notices")))
    assert "was skipped in Rent" in page
    assert "From now on it is ₦2,400.00 each time." in page
