"""The pages of saving automatically: setting it up, what waits and what became of it, changing it."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.ids import uuid7
from savings import services
from savings.models import AutoSaving, UserSavings
from savings.services import Wish
from savings.tests.saving_itself import empty, fresh, mornings, planned, quiet, towards
from savings.tests.world import DAY, NAIRA, day, funded, moment, opened
from wallet.models import Account
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(ada: User) -> Account:
    return funded(ada)


@pytest.fixture
def browser(ada: User, source: Account) -> Client:
    return browser_of(ada)


@pytest.fixture
def saving(ada: User, source: Account) -> UserSavings:
    """12,000 naira are missing, and seven weeks are left."""
    return towards(ada, back=0)


def place(saving: UserSavings, slug: str = "") -> str:
    return f"/savings/{saving.pk}/automatic/{slug and f'{slug}/'}"


def set_up(browser: Client, saving: UserSavings, slug: str, **typed: Any) -> Any:
    where = place(saving, slug)
    key = hidden(browser.get(where), "form_key")
    return browser.post(where, {"form_key": key, **typed})


def owned() -> list[AutoSaving]:
    with acting_as_service():
        return list(AutoSaving.objects.order_by("pk"))


def test_whoever_has_none_is_offered_three_ways(browser: Client, saving: UserSavings) -> None:
    page = text(browser.get(place(saving)))
    for words in (
        "How should it save?",
        "A fixed amount",
        "Round up what you spend",
        "What is above an amount",
    ):
        assert words in page
    assert "What became of it" not in page


def test_what_a_target_needs_is_suggested_and_set_up(browser: Client, saving: UserSavings) -> None:
    page = text(browser.get(place(saving, "fixed")))
    # 12,000 naira in 49 days, seven weeks, or the two months that have begun by then (or three).
    assert "Every day, ₦244.90 each for your target" in page
    assert "Every week, ₦1,714.29 each for your target" in page
    done = set_up(browser, saving, "fixed", rhythm="WEEKLY", first_date=str(day(0)), how_much="target")
    assert (done.status_code, done.url) == (302, place(saving))
    [own] = owned()
    assert (own.amount, own.follows_target, own.next_date) == (171_429, True, day(0))
    page = text(browser.get(place(saving)))
    assert "₦1,714.29 every week" in page and "The amount follows your target" in page
    assert "₦1,714.26" in page  # the last of the coming days brings what is left
    assert "Its first day has not come yet" in page


def test_two_clicks_set_up_one(browser: Client, saving: UserSavings) -> None:
    where = place(saving, "fixed")
    typed = {"form_key": hidden(browser.get(where), "form_key"), "rhythm": "DAILY", "how_much": "own"}
    typed |= {"first_date": str(day(0)), "amount": "500"}
    assert [browser.post(where, typed).status_code for _click in range(2)] == [302, 302]
    assert [own.amount for own in owned()] == [500 * NAIRA]


@pytest.mark.parametrize(
    ("slug", "typed", "words"),
    [
        (
            "fixed",
            {"rhythm": "DAILY", "how_much": "own", "first_date": "2020-01-01", "amount": "500"},
            "from today on",
        ),
        (
            "fixed",
            {"rhythm": "DAILY", "how_much": "own", "first_date": "soon", "amount": "500"},
            "valid date",
        ),
        ("fixed", {"rhythm": "DAILY", "how_much": "own", "first_date": "TODAY"}, "Say how much."),
        ("fixed", {"rhythm": "HOURLY", "how_much": "target", "first_date": "TODAY"}, "Select a valid choice"),
        ("fixed", {"rhythm": "DAILY", "how_much": "own", "first_date": "TODAY", "amount": "1e9"}, "amount"),
        ("round-up", {"amount": "7"}, "Select a valid choice"),
        ("above", {"amount": ""}, "This field is required"),
        ("above", {"amount": "99999999"}, "Choose a smaller amount"),
    ],
)
def test_what_cannot_be_set_up_is_said_at_the_field(
    browser: Client, saving: UserSavings, slug: str, typed: dict[str, str], words: str
) -> None:
    given = {name: value.replace("TODAY", str(day(0))) for name, value in typed.items()}
    refused = set_up(browser, saving, slug, **given)
    assert refused.status_code == 422 and words in text(refused)
    assert owned() == []


def test_round_up_and_sweep_are_set_up_and_not_offered_again(browser: Client, saving: UserSavings) -> None:
    set_up(browser, saving, "round-up", amount="5000")
    set_up(browser, saving, "above", amount="20,000")
    assert [(own.kind, own.amount) for own in owned()] == [("ROUND_UP", 5_000), ("SWEEP", 2_000_000)]
    page = text(browser.get(place(saving)))
    assert "Payments rounded up to the next ₦50" in page and "What is above ₦20,000" in page
    assert "Another way" in page and "Round up what you spend" not in page
    again = set_up(browser, saving, "above", amount="1,000")
    assert again.status_code == 422 and "has one of that sort already" in text(again)


def test_buttons_pause_skip_change_and_stop(browser: Client, ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving, rhythm="WEEKLY", first_date=day(0), at=timezone.now())

    def press(do: str, **more: str) -> Any:
        return browser.post(place(saving), {"automatic": str(own.pk), "do": do, **more}, follow=True)

    assert "The next day is skipped." in text(press("skip"))
    assert fresh(own).next_date == day(-7)
    assert "You skipped it." in text(browser.get(place(saving)))
    assert "It is paused." in text(press("pause"))
    page = text(press("resume"))
    assert "It goes on." in page
    assert "The amount is changed." in text(press("amount", amount="2,500"))
    assert fresh(own).amount == 2_500 * NAIRA
    refused = press("amount", amount="0.001")
    assert refused.status_code == 422
    assert "It has stopped." in text(press("stop"))
    assert fresh(own).state == "ENDED"
    assert "It has stopped." not in text(press("dance"))


def test_the_page_tells_why_a_day_waits_and_was_skipped(browser: Client, ada: User, source: Account) -> None:
    saving = towards(ada)
    facts = {"rhythm": "WEEKLY", "first_date": day(43), "at": moment(day(50)), "follows_target": True}
    planned(ada, saving, amount=0, **facts)
    empty(source)
    mornings(day(43), day(42))
    page = text(browser.get(place(saving)))
    assert "There is not enough money available. We try again on" in page and "Behind by" in page
    mornings(day(41), day(38))
    page = text(browser.get(place(saving)))
    assert "tried 4 times" in page and "There is not enough money available." in page
    assert "From then on ₦2,400.00 each time, so that the target is reached." in page


def test_a_paused_saving_says_so_and_offers_nothing_new(
    browser: Client, ada: User, saving: UserSavings
) -> None:
    planned(ada, saving, first_date=day(0), at=timezone.now())
    services.pause_saving(saving_id=saving.pk, user=ada, at=timezone.now())
    page = text(browser.get(place(saving)))
    assert "This saving is paused" in page and "Another way" not in page
    refused = browser.get(place(saving, "above"))
    assert "It cannot be set up now" in text(refused)
    assert browser.get(f"/savings/{saving.pk}/").status_code == 200
    assert "saved by itself on" not in text(browser.get("/savings/"))


def test_a_fixed_saving_has_none(browser: Client, ada: User, source: Account) -> None:
    fixed = opened(ada, quiet("FIXED"), at=moment(day(2)), wish=Wish(name="Land", days=30))
    assert "Nothing can be saved by itself here" in text(browser.get(place(fixed)))


def test_anothers_is_not_found(browser: Client, bola: User, ada: User) -> None:
    funded(bola)
    other = opened(bola, quiet(), at=moment(day(2)))
    own = planned(bola, other)
    assert browser.get(place(other)).status_code == 404
    assert browser.get(place(other, "fixed")).status_code == 404
    assert browser.post(place(other), {"automatic": str(own.pk), "do": "stop"}).status_code == 404
    mine = opened(ada, quiet(code="mine"), at=moment(day(2)))
    for key in (str(own.pk), str(uuid7()), "", "'; drop table"):
        assert browser.post(place(mine), {"automatic": key, "do": "stop"}).status_code == 404
    assert browser.get(place(mine, "sideways")).status_code == 404
    assert fresh(own).state == "ACTIVE" and own.next_date == day(20) and DAY
