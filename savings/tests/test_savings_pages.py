"""The pages of savings: choosing, opening, looking, adding, taking out, ending."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import prove_factor
from core.actors import acting_as_service
from core.ids import posting_id
from core.templatetags.money import money
from savings import services
from savings.models import Accrual, ClosingQuote, Move, UserSavings
from savings.services import Wish
from savings.tests.pages import a_fixed, a_flexible, a_target, an_up_front
from savings.tests.world import DAY, NAIRA, balance, day, funded, moment, opened
from wallet.tests.pages import balance as purse
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(ada: User) -> Client:
    browser = browser_of(ada)
    prove_factor(ada)
    return browser


def saved() -> UserSavings:
    with acting_as_service():
        return UserSavings.objects.get()


def has_any() -> bool:
    with acting_as_service():
        return UserSavings.objects.exists()


def review(browser: Client, slug: str, **typed: Any) -> Any:
    return browser.post(f"/savings/plans/{slug}/open/", {"name": "Rent", **typed})


def test_whoever_saves_nothing_is_led_to_the_plans(browser: Client, ada: User) -> None:
    funded(ada)
    assert "/savings/plans/" in browser.get("/savings/").content.decode()
    assert "Put something aside" in text(browser.get("/home/"))
    assert "No plan takes new savings now" in text(browser.get("/savings/plans/"))


def test_plans_are_compared_for_the_same_money_and_time(browser: Client, ada: User) -> None:
    a_flexible(), a_target(), a_fixed(), an_up_front()
    page = text(browser.get("/savings/plans/", {"amount": "100,000", "days": "365"}))
    # 14 % up front: 14,000 of 86,000 that are really tied up.
    for words in (
        "8.3% APY",
        "10.47% APY",
        "14% APY",
        "16.28% APY",
        "₦12,600.00 after tax",
        "2.5% of what is saved",
    ):
        assert words in page, words
    assert browser.get("/savings/plans/", {"amount": "much", "days": "0"}).status_code == 422


def test_what_a_plan_would_come_to_is_what_it_comes_to(browser: Client, ada: User) -> None:
    funded(ada)
    plan = a_fixed()
    page = text(browser.get("/savings/plans/fixed/", {"amount": "10000", "days": "50"}))
    opened(ada, plan, naira=10_000, at=moment(day(50)), wish=Wish(name="Rent", days=50))
    services.mature(saving_id=saved().pk, at=moment(day(0)))
    with acting_as_service():
        sums = [(row.paid, row.tax) for row in Accrual.objects.filter(paid__gt=0)]
    [(paid, tax)] = sums
    assert money(paid, "NGN") in page and money(tax, "NGN") in page
    assert money(10_000 * NAIRA + paid - tax, "NGN") in page


def test_breaking_half_way_costs_what_was_said(browser: Client, ada: User) -> None:
    funded(ada)
    plan = a_fixed()
    page = text(browser.get("/savings/plans/fixed/", {"amount": "10000", "days": "90"}))
    saving = opened(ada, plan, naira=10_000, at=moment(day(45)), wish=Wish(name="Rent", days=90))
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=timezone.now())
    assert f"half-way {money(quote.pays_out, 'NGN')}" in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"amount": "10", "days": "90"}, "At least ₦1,000.00"),
        ({"amount": "10000", "days": "20"}, "30 to 365 days"),
        ({"amount": "10000", "days": "99999"}, "less than or equal to 3660"),
        ({"amount": "ten", "days": "90"}, "Enter an amount"),
    ],
)
def test_what_if_says_at_the_field_what_cannot_be(browser: Client, asked: dict, words: str) -> None:
    a_fixed()
    answer = browser.get("/savings/plans/fixed/", asked)
    assert answer.status_code == 422 and words in text(answer)


def test_a_locked_plan_opens_only_for_who_says_they_know(browser: Client, ada: User) -> None:
    funded(ada)
    a_fixed()
    looked = review(browser, "fixed", amount="10000", days="90", at_maturity="ROLL_ALL")
    assert looked.status_code == 200 and "All there is to know" in text(looked)
    order = {"order": hidden(looked, "order")}
    refused = browser.post("/savings/plans/fixed/review/", order)
    assert refused.status_code == 422 and "Say that you know" in text(refused)
    assert not has_any()
    for _click in range(2):
        answer = browser.post("/savings/plans/fixed/review/", {**order, "agreed": "1"})
        assert answer.status_code == 302 and answer["Location"] == f"/savings/{saved().pk}/"
    saving = saved()
    assert (saving.state, saving.at_maturity, balance(saving)) == ("ACTIVE", "ROLL_ALL", 10_000 * NAIRA)


def test_a_goal_says_what_each_week_and_month_has_to_bring(browser: Client, ada: User) -> None:
    funded(ada)
    a_target()
    by = (timezone.localdate() + timedelta(days=200)).isoformat()
    looked = review(browser, "target", target="120000", target_date=by, amount="")
    page = text(looked)
    assert "Or every week" in page and "Or every month" in page and "Nothing yet" in page
    browser.post("/savings/plans/target/review/", {"order": hidden(looked, "order"), "agreed": "1"})
    assert saved().state == "DRAFT"
    given_up = browser.post(f"/savings/{saved().pk}/settings/", {"do": "cancel"})
    assert given_up["Location"] == "/savings/" and saved().state == "CANCELLED"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"amount": "10", "days": "90"}, "At least ₦1,000.00"),
        ({"amount": "200000", "days": "90"}, "You have ₦100,000.00 in your wallet"),
        ({"amount": "10000", "days": "5"}, "30 to 365 days"),
        ({"amount": "10000", "days": "90", "name": " "}, "This field is required"),
    ],
)
def test_what_opening_would_refuse_stands_at_its_field(
    browser: Client, ada: User, typed: dict, words: str
) -> None:
    funded(ada)
    a_fixed()
    answer = review(browser, "fixed", **typed)
    assert answer.status_code == 422 and words in text(answer)


def test_without_a_second_factor_nothing_is_opened(ada: User) -> None:
    funded(ada)
    a_flexible()
    browser = browser_of(ada)
    looked = review(browser, "flexible", amount="1000")
    answer = browser.post("/savings/plans/flexible/review/", {"order": hidden(looked, "order")})
    assert answer.status_code == 302 and "2fa" in answer["Location"]
    assert not has_any()


def test_adding_by_two_clicks_adds_once(browser: Client, ada: User) -> None:
    funded(ada)
    saving = opened(ada, a_flexible(), at=moment(day(0)))
    here = f"/savings/{saving.pk}/add/"
    typed = {"form_key": hidden(browser.get(here), "form_key"), "amount": "500"}
    assert [browser.post(here, typed).status_code for _click in range(2)] == [302, 302]
    assert balance(saving) == 1_500 * NAIRA
    short = browser.post(here, {**typed, "form_key": hidden(browser.get(here), "form_key"), "amount": "50"})
    assert short.status_code == 422 and "At least ₦100.00" in text(short)


def test_taking_out_shows_first_what_it_costs(browser: Client, ada: User) -> None:
    funded(ada)
    saving = opened(ada, a_flexible(), at=moment(day(0)))
    here = f"/savings/{saving.pk}/withdraw/"
    for fee in (0, 5 * NAIRA):
        typed = {"form_key": hidden(browser.get(here), "form_key"), "amount": "200"}
        looked, before = browser.post(here, typed), balance(saving)
        assert looked.status_code == 200 and balance(saving) == before
        assert money(200 * NAIRA + fee, "NGN") in text(looked)
        assert [browser.post(here, {**typed, "sure": "1"}).status_code for _click in range(2)] == [302, 302]
        assert balance(saving) == before - 200 * NAIRA - fee
    too_much = browser.post(here, {"form_key": hidden(browser.get(here), "form_key"), "amount": "595"})
    assert too_much.status_code == 422 and "taking this out costs" in text(too_much)


def test_ending_pays_what_was_quoted(browser: Client, ada: User) -> None:
    source = funded(ada)
    saving = opened(ada, a_target(), naira=10_000, at=moment(day(40)), wish=goal())
    here = f"/savings/{saving.pk}/end/"
    browser.get(here)
    page = browser.get(here)
    with acting_as_service():
        quote = ClosingQuote.objects.get()
    assert money(quote.pays_out, "NGN") in text(page) and money(quote.penalty, "NGN") in text(page)
    assert "If you wait" in text(page)
    missing = browser.post(here, {"quote": str(quote.pk)})
    assert missing.status_code == 422 and "Say that you know" in text(missing)
    for _click in range(2):
        assert browser.post(here, {"quote": str(quote.pk), "agreed": "1"}).status_code == 302
    assert balance(saving) == 0 and saved().state == "CLOSED"
    assert purse(source) == 90_000 * NAIRA + quote.pays_out
    assert browser.get(f"/savings/{saving.pk}/").status_code == 200


def test_a_quote_that_no_longer_holds_is_made_anew_with_a_word_why(browser: Client, ada: User) -> None:
    funded(ada)
    saving = opened(ada, a_target(), naira=10_000, at=moment(day(40)), wish=goal())
    here = f"/savings/{saving.pk}/end/"
    quote = hidden(browser.get(here), "quote")
    facts = {"saving_id": saving.pk, "user": ada, "posting_id": posting_id(), "at": timezone.now()}
    services.contribute(amount=1_000 * NAIRA, **facts)
    again = browser.post(here, {"quote": quote, "agreed": "1"})
    assert again.status_code == 409 and "Look again before you go on" in text(again)
    assert hidden(again, "quote") != quote and balance(saving) > 0


def test_days_add_up_to_what_was_paid(browser: Client, ada: User) -> None:
    funded(ada)
    saving = opened(ada, a_flexible(), naira=12_345, at=moment(day(50)))
    services.quote_closing(saving_id=saving.pk, user=ada, at=timezone.now())
    months = {day(back).strftime("%Y-%m") for back in range(1, 51)}
    total = 0
    for month in months:
        found = browser.get(f"/savings/{saving.pk}/interest/", {"month": month}).context["month"]
        assert found.corrected == 0 and sum(row.accrued for row in found.rows) == found.earned
        total += found.paid
    with acting_as_service():
        assert total == sum(Accrual.objects.values_list("paid", flat=True)) > 0
    assert browser.get(f"/savings/{saving.pk}/interest/?month=1999-12").status_code == 404
    assert browser.get(f"/savings/{saving.pk}/interest/?month=nonsense").status_code == 404


def test_a_saving_gets_another_name(browser: Client, ada: User) -> None:
    funded(ada)
    here = f"/savings/{opened(ada, a_flexible(), at=moment(day(3))).pk}/settings/"
    for wrong in ("", "  ", "x" * 81):
        assert browser.post(here, {"do": "name", "name": wrong}).status_code == 422
    assert browser.post(here, {"do": "name", "name": "A roof"}).status_code == 302
    assert saved().name == "A roof"


def test_settings_change_the_end_and_pause(browser: Client, ada: User) -> None:
    funded(ada)
    saving = opened(ada, a_fixed(), naira=5_000, at=moment(day(5)), wish=Wish(name="Rent", days=90))
    here = f"/savings/{saving.pk}/settings/"
    assert browser.post(here, {"do": "at_maturity", "at_maturity": "ROLL_ALL"}).status_code == 302
    later = saving.matures_on + 30 * DAY
    assert browser.post(here, {"do": "later", "matures_on": later.isoformat()}).status_code == 302
    assert (saved().at_maturity, saved().matures_on) == ("ROLL_ALL", later)
    earlier = browser.post(here, {"do": "later", "matures_on": day(0).isoformat()})
    assert earlier.status_code == 422 and "to a later day only" in text(earlier)
    assert browser.post(here, {"do": "at_maturity", "at_maturity": "BURN"}).status_code == 422
    browser.post(here, {"do": "pause"})
    assert saved().state == "PAUSED"
    browser.post(here, {"do": "resume"})
    assert saved().state == "ACTIVE"


def test_who_wished_for_no_interest_is_offered_none(browser: Client, ada: User) -> None:
    funded(ada)
    a_flexible(), an_up_front()
    services.choose_interest(user=ada, earns=False, at=timezone.now())
    for page in ("/savings/plans/", "/savings/plans/up-front/?amount=10000&days=90"):
        words = text(browser.get(page))
        assert "You chose to earn no interest" in words and "0% APY" in words
    looked = review(browser, "up-front", amount="10000", days="90")
    browser.post("/savings/plans/up-front/review/", {"order": hidden(looked, "order"), "agreed": "1"})
    assert saved().paid_at_start == 0
    assert "as you chose" in text(browser.get(f"/savings/{saved().pk}/"))


def test_nobody_sees_anothers_saving(browser: Client, ada: User, bola: User) -> None:
    funded(bola)
    saving = opened(bola, a_flexible(), at=moment(day(1)))
    for page in ("", "interest/", "add/", "withdraw/", "end/", "settings/"):
        assert browser.get(f"/savings/{saving.pk}/{page}").status_code == 404
    assert "All savings" not in text(browser.get("/home/"))
    with acting_as_service():
        assert Move.objects.count() == 1 and not ClosingQuote.objects.exists()


def test_lists_ask_a_fixed_number_of_times(browser: Client, ada: User) -> None:
    funded(ada)
    plans = [a_flexible(), a_target()]
    counts = []
    for _round in range(4):
        for plan in plans:
            opened(ada, plan, at=moment(day(3)), wish=goal())
        counts.append([queries(browser, page) for page in ("/savings/", "/savings/plans/", "/home/")])
    # The first ones also read what is kept for those after them, and tell of the deposit among the newest movements.
    assert counts[2] == counts[3]


def queries(browser: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(page).status_code == 200
    return len(asked)


def goal() -> Wish:
    return Wish(name="Rent", target=50_000 * NAIRA, target_date=timezone.localdate() + 100 * DAY)
