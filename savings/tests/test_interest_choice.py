"""Saving without interest: from a day on, for all of a customer's savings; what was earned stays."""

from datetime import time
from decimal import Decimal

import pytest

from accounts.models import AuditEvent, User
from core.actors import acting_as_service
from core.ids import posting_id
from core.rolling import close_again
from savings import services
from savings.interest import Band, Every, Terms
from savings.models import Accrual, InterestChoice, Position
from savings.services import Wish
from savings.services.wishes import Wishes
from savings.tests.test_replaying import enter, rows_of, same
from savings.tests.world import DAY, NAIRA, day, days_of, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account
from wallet.tests.pages import browser_of, text

pytestmark = pytest.mark.django_db
PAGE = "/savings/interest-free/"
DAILY = Terms(bands=(Band(0, Decimal(10)),), capitalised=Every.DAY, paid=Every.MONTH)


def choose(user: User, earns: bool, back: int) -> bool:
    return services.choose_interest(user=user, earns=earns, at=moment(day(back), time(9)))


def test_the_newest_choice_of_a_day_or_before_it_holds() -> None:
    wishes = Wishes(((day(9), False), (day(5), True), (day(5), False), (day(2), True)))
    assert [wishes.earns_on(day(back)) for back in (10, 9, 5, 3, 2, 0)] == [
        True, False, False, False, True, True,
    ]  # fmt: skip


def test_no_day_earns_from_then_on_until_it_is_taken_back_and_what_was_earned_stays(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE", terms=DAILY), at=moment(day(9)))
    assert choose(ada, False, 6) and choose(ada, True, 3)
    with acting_as_service():
        position = services.close_saving(saving_id=saving.pk, until=day(0))
        rows = list(days_of(saving, start=day(9), end=day(0)))
        assert [bool(row.accrued) for row in rows] == [True] * 3 + [False] * 3 + [True] * 3
        assert [row.rate for row in rows[2:7]] == [10, 0, 0, 0, 10]
        assert position.carry + sum(row.paid for row in rows) == sum(row.accrued for row in rows)
        assert wallet.verify() == []


def test_it_holds_for_all_savings_and_those_to_come(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    plan = plan_of("FLEXIBLE", terms=DAILY)
    opened(ada, plan, at=moment(day(4)))
    theirs = opened(bola, plan, at=moment(day(4)))
    assert choose(ada, False, 3)
    later = opened(ada, plan, at=moment(day(2)))
    with acting_as_service():
        assert set(Position.objects.filter(earns=False).values_list("saving__user", flat=True)) == {ada.pk}
        assert Position.objects.filter(earns=False).count() == 2
        services.close_saving(saving_id=later.pk, until=day(0))
        assert not Accrual.objects.filter(saving=later, accrued__gt=0).exists()
        assert Position.objects.get(pk=theirs.pk).earns


def test_to_choose_what_holds_already_changes_nothing(ada: User) -> None:
    assert not choose(ada, True, 1)
    assert choose(ada, False, 1) and not choose(ada, False, 0)
    with acting_as_service():
        assert InterestChoice.objects.count() == 1
        assert AuditEvent.objects.filter(action="savings.interest.chosen").count() == 1


def test_interest_up_front_is_not_paid_to_who_wants_none(ada: User) -> None:
    source = funded(ada)
    choose(ada, False, 1)
    terms = Terms(bands=DAILY.bands, paid=Every.END)
    opened(ada, plan_of("FIXED", terms=terms, up_front=True), at=moment(day(0)), wish=Wish("Land", days=30))
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 99_000 * NAIRA


def test_a_saving_that_was_parked_meanwhile_follows_the_choice_day_by_day(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE", terms=DAILY), at=moment(day(6)))
    with acting_as_service():
        Position.objects.update(parked_at=moment(day(6)), error="a test")
        choose(ada, False, 3)
        assert close_again(services.SAVINGS, saving, reason="a test", at=moment(day(0)))
        rows = days_of(saving, start=day(6), end=day(0))
        assert [bool(row.accrued) for row in rows] == [True] * 3 + [False] * 3
        assert not Position.objects.get().earns


def test_a_replay_knows_which_days_earned(ada: User, bola: User) -> None:
    plan = plan_of("FLEXIBLE", terms=DAILY)
    funded(ada), funded(bola)
    one, other = (opened(who, plan, at=moment(day(9))) for who in (ada, bola))
    services.contribute(
        saving_id=other.pk, user=bola, amount=NAIRA, posting_id=posting_id(), at=moment(day(8))
    )
    for who in (ada, bola):
        choose(who, False, 7), choose(who, True, 5), choose(who, False, 2)
    enter(one, NAIRA, day(8))
    with acting_as_service():
        services.close_saving(saving_id=other.pk, until=day(0))
    same(one, other, day(9))
    with acting_as_service():
        assert [bool(row[3]) for row in rows_of(one, day(9))] == [
            True,
            True,
            False,
            False,
            True,
            True,
            True,
            False,
            False,
        ]
        assert day(9) + 9 * DAY == day(0)


def test_the_page_says_what_holds_and_changes_it(ada: User) -> None:
    funded(ada)
    browser = browser_of(ada)
    assert "What you chose" not in text(browser.get(PAGE))
    said = text(browser.post(PAGE, {"earns": "no"}, follow=True))
    assert "From today on your savings earn no interest." in said and "What you chose" in said
    assert 'value="no" checked' in browser.get(PAGE).content.decode()
    refused = browser.post(PAGE, {"earns": "perhaps"})
    assert refused.status_code == 422 and "Choose one of the two." in text(refused)
    again = text(browser.post(PAGE, {"earns": "yes"}, follow=True))
    assert "Your savings earn interest again" in again
