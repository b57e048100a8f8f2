"""What a day of automatic saving comes to: round-ups of what was spent, what is above an amount, room and target."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id
from savings import services
from savings.models import AutoSaving, UserSavings
from savings.services import Wish
from savings.tests.saving import set_terms
from savings.tests.saving_itself import (
    EARLY,
    QUIET,
    empty,
    mornings,
    planned,
    quiet,
    refill,
    run_of,
    runs,
    towards,
    work,
)
from savings.tests.world import DAY, NAIRA, balance, day, funded, moment, opened
from wallet import services as wallet
from wallet.models import Account, Entry
from wallet.tests.deposits import notices

pytestmark = pytest.mark.django_db
EACH = 1_000 * NAIRA
STEP = 100 * NAIRA


@pytest.fixture
def source(ada: User) -> Account:
    return funded(ada, 10_000)


@pytest.fixture
def shop(bola: User) -> Account:
    return funded(bola, 1_000)


def spend(source: Account, shop: Account, *amounts: int, kind: str = "TRANSFER") -> datetime:
    """Pay several amounts at one moment, which the ledger's clock says, and return it."""
    lines = [wallet.Line(kind, source.pk, shop.pk, amount) for amount in amounts]
    with acting_as_service():
        posted = posting_id()
        wallet.post(posting_id=posted, lines=lines)
        return Entry.objects.get(account=source, transaction_id=posted).recorded_at


def drafted(ada: User, day_after: date, **terms: int) -> UserSavings:
    """The books cannot be written in the past, so what is rounded up was spent today, and is saved tomorrow."""
    return opened(ada, quiet(**terms), naira=0, at=moment(day_after, EARLY))


def rounding_up(ada: User, spent_at: datetime, **terms: int) -> tuple[UserSavings, AutoSaving, date]:
    saves_on = timezone.localdate(spent_at) + DAY
    saving = drafted(ada, saves_on, **terms)
    at = moment(saves_on, EARLY)
    return saving, planned(ada, saving, kind="ROUND_UP", amount=STEP, first_date=saves_on, at=at), saves_on


# What was spent


def test_payments_are_what_went_to_people_banks_and_shops(source: Account, shop: Account) -> None:
    since = spend(source, shop, 100)
    for kind in ("WITHDRAWAL", "MERCHANT_PAYMENT", "FEE", "VAT", "SAVING", "ADJUSTMENT"):
        spend(source, shop, 100, kind=kind)
    until = spend(source, shop, 1)
    spend(shop, source, 500)
    assert wallet.payments_out(account=source, since=since, until=until) == [100, 100, 100]
    assert wallet.payments_out(account=source, since=until, until=until + timedelta(hours=1)) == [1]
    assert wallet.payments_out(account=source, since=until, until=until) == []


def test_what_was_taken_back_was_not_spent(source: Account, shop: Account) -> None:
    since = spend(source, shop, 11, 12)
    whole, part, stands = [posting_id() for _ in range(3)]
    with acting_as_service():
        for number, posted in enumerate((whole, part, stands), 1):
            wallet.post(
                posting_id=posted, lines=[wallet.Line("TRANSFER", source.pk, shop.pk, number * 1_000)]
            )
        wallet.reverse(posting_id=posting_id(), reverses=whole)
        wallet.reverse_part(posting_id=posting_id(), transaction_id=part, amount=700)
        wallet.reverse_part(posting_id=posting_id(), transaction_id=part, amount=800)
    found = wallet.payments_out(account=source, since=since, until=since + timedelta(hours=1))
    assert found == [11, 12, 500, 3_000]


def test_each_payment_of_yesterday_is_rounded_up_and_saved_at_once(
    ada: User, source: Account, shop: Account
) -> None:
    at = spend(source, shop, 130 * NAIRA, 200 * NAIRA, 1, 99 * NAIRA + 99)
    saving, own, saves_on = rounding_up(ada, at)
    for _again in range(2):
        work(moment(saves_on, EARLY))
    assert runs(own) == [(saves_on, "SAVED", 70 * NAIRA + 0 + (STEP - 1) + 1)]
    assert balance(saving) == 170 * NAIRA


def test_a_day_without_spending_saves_nothing(ada: User, source: Account) -> None:
    saving = opened(ada, quiet(), at=moment(day(30)))
    own = planned(ada, saving, kind="ROUND_UP", amount=STEP)
    mornings(day(20), day(19))
    assert [state for _on, state, _amount in runs(own)] == ["NOTHING", "NOTHING"]
    assert run_of(own, day(20)).reason == "There was nothing to round up the day before."
    assert notices() == []


def test_what_is_too_little_for_the_plan_is_kept_for_the_next_day(
    ada: User, source: Account, shop: Account
) -> None:
    at = spend(source, shop, 40 * NAIRA)
    saving, own, saves_on = rounding_up(ada, at, minimum=61 * NAIRA)
    mornings(saves_on, saves_on + 2 * DAY)
    small = run_of(own, saves_on + 2 * DAY)
    assert (small.state, small.code, small.amount) == ("NOTHING", "saving_too_little", 60 * NAIRA)
    assert small.reason == "It came to ₦60.00, and this plan takes ₦61.00 or more at a time."
    assert balance(saving) == 0
    with acting_as_service():
        set_terms(saving.plan, QUIET, since=saves_on + 3 * DAY)
    mornings(saves_on + 3 * DAY, saves_on + 4 * DAY)
    assert [(state, amount) for _on, state, amount in runs(own)][3:] == [
        ("SAVED", 60 * NAIRA),
        ("NOTHING", 0),
    ]


def test_a_round_up_that_cannot_be_paid_waits_with_its_amount(
    ada: User, source: Account, shop: Account
) -> None:
    at = spend(source, shop, 130 * NAIRA)
    saving, own, saves_on = rounding_up(ada, at)
    gone = empty(source)
    work(moment(saves_on, EARLY))
    assert runs(own) == [(saves_on, "DUE", 70 * NAIRA)]
    refill(source, gone)
    mornings(saves_on + DAY, saves_on + DAY)
    assert runs(own)[0] == (saves_on, "SAVED", 70 * NAIRA)
    assert balance(saving) == 70 * NAIRA


# What is above an amount


def test_what_the_wallet_holds_above_an_amount_is_saved(ada: User, source: Account) -> None:
    saving = opened(ada, quiet(), at=moment(day(30)))
    own = planned(ada, saving, kind="SWEEP", amount=2_500 * NAIRA)
    mornings(day(20), day(19))
    refill(source, 300 * NAIRA)
    mornings(day(18), day(18))
    assert runs(own) == [
        (day(20), "SAVED", 6_500 * NAIRA),
        (day(19), "NOTHING", 0),
        (day(18), "SAVED", 300 * NAIRA),
    ]
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 2_500 * NAIRA


def test_what_is_set_aside_is_not_swept(ada: User, source: Account) -> None:
    saving = opened(ada, quiet(), at=moment(day(30)))
    with acting_as_service():
        facts = {"hold_id": posting_id(), "account_id": source.pk, "expires_at": None, "reason": "a test"}
        wallet.place_hold(amount=8_999 * NAIRA, **facts)
    own = planned(ada, saving, kind="SWEEP", amount=0)
    mornings(day(20), day(20))
    assert runs(own) == [(day(20), "SAVED", 1 * NAIRA)]


def test_no_more_is_saved_than_the_plan_holds(ada: User, source: Account) -> None:
    saving = opened(ada, quiet(maximum=3_000 * NAIRA), at=moment(day(30)))
    own = planned(ada, saving, kind="SWEEP", amount=0)
    mornings(day(20), day(19))
    assert [(state, amount) for _on, state, amount in runs(own)] == [("SAVED", 2 * EACH), ("NOTHING", 0)]
    assert run_of(own, day(19)).reason == "This plan holds no more."


# Towards a target


def test_no_more_is_saved_than_the_target_misses(ada: User, source: Account) -> None:
    saving = towards(ada, naira=3_000, begin=1_000, back=30, days=11)
    own = planned(ada, saving, first_date=day(29), amount=0, follows_target=True, at=moment(day(30)))
    assert own.amount == 200 * NAIRA
    facts = {"saving_id": saving.pk, "user": ada, "posting_id": posting_id(), "at": moment(day(28))}
    mornings(day(29), day(28))
    services.contribute(amount=1_450 * NAIRA, **facts)
    mornings(day(27), day(26))
    assert [amount for _on, _state, amount in runs(own)] == [20_000, 20_000, 15_000, 0]
    assert balance(saving) == 3_000 * NAIRA
    assert run_of(own, day(26)).reason == "The target is reached."


def test_a_plan_takes_at_least_its_minimum_and_says_so_before(ada: User, source: Account) -> None:
    plan = quiet("TARGET", minimum=STEP)
    wish = Wish(name="Rent", target=1_250 * NAIRA, target_date=day(10))
    saving = opened(ada, plan, at=moment(day(30)), wish=wish)
    own = planned(ada, saving, amount=0, follows_target=True)
    assert own.amount == STEP
    mornings(day(20), day(17))
    assert [amount for _on, _state, amount in runs(own)] == [STEP, STEP, STEP, 0]
