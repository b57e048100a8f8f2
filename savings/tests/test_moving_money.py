"""Opening a saving, paying in, taking out."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from savings import refusals, services
from savings.interest import Band, Every, Terms
from savings.models import Accrual, Move, Position, StateChange, UserSavings
from savings.services import Wish
from savings.tests.saving import set_terms
from savings.tests.world import DAY, NAIRA, TEN, balance, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account
from wallet.refusals import InsufficientFunds

pytestmark = pytest.mark.django_db


def test_the_first_money_starts_a_saving(ada: User) -> None:
    source = funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), naira=1_000, at=moment(day(5)))
    assert (saving.state, saving.opened_on, balance(saving)) == ("ACTIVE", day(5), 1_000 * NAIRA)
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 99_000 * NAIRA
        assert Position.objects.get().next_day == day(5)
        [change] = StateChange.objects.all()
        assert (change.was, change.now, change.on) == ("DRAFT", "ACTIVE", day(5))
        assert wallet.verify() == []


def test_a_saving_without_money_is_a_draft_that_can_be_given_up(ada: User) -> None:
    funded(ada)
    saving = services.open_saving(
        saving_id=uuid7(), user=ada, plan=plan_of("FLEXIBLE"), wish=Wish(name="Rent"), at=moment(day(1))
    )
    assert saving.state == "DRAFT"
    given_up = services.cancel_saving(saving_id=saving.pk, user=ada, at=moment(day(1)))
    assert given_up.state == "CANCELLED" and given_up.ended_at is not None
    with pytest.raises(refusals.SavingOver):
        services.contribute(
            saving_id=saving.pk, user=ada, amount=NAIRA, posting_id=posting_id(), at=moment(day(0), time(0))
        )


def test_to_pay_twice_by_two_clicks_pays_once(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(2)))
    again = posting_id()
    facts = {"saving_id": saving.pk, "user": ada, "posting_id": again, "at": moment(day(1))}
    first = services.contribute(amount=500 * NAIRA, **facts)
    assert services.contribute(amount=500 * NAIRA, **facts) == first
    assert balance(saving) == 1_500 * NAIRA
    with pytest.raises(refusals.MovementReused):
        services.contribute(amount=501 * NAIRA, **facts)


def test_to_open_twice_by_two_clicks_opens_one(ada: User) -> None:
    funded(ada)
    plan = plan_of("FLEXIBLE")
    key, paid = uuid7(), posting_id()
    facts = {"saving_id": key, "user": ada, "plan": plan, "amount": 1_000 * NAIRA, "posting_id": paid}
    one = services.open_saving(wish=Wish(name="Rent"), at=moment(day(1)), **facts)
    two = services.open_saving(wish=Wish(name="Rent"), at=moment(day(1)), **facts)
    assert one == two and balance(one) == 1_000 * NAIRA


def test_what_is_refused_leaves_nothing_behind(ada: User) -> None:
    funded(ada, 10)
    with pytest.raises(InsufficientFunds):
        opened(ada, plan_of("FLEXIBLE"), naira=1_000, at=moment(day(1)))
    with acting_as_service():
        assert not UserSavings.objects.exists() and not Move.objects.exists()
        assert not Account.objects.filter(kind="SAVINGS").exists()


@pytest.mark.parametrize(
    ("naira", "error"), [(99, refusals.TooLittle), (5_001, refusals.TooMuch), (0, refusals.TooLittle)]
)
def test_amounts_outside_the_terms_are_refused(ada: User, naira: int, error: type[Exception]) -> None:
    funded(ada)
    plan = plan_of("FLEXIBLE", minimum=100 * NAIRA, maximum=6_000 * NAIRA)
    saving = opened(ada, plan, naira=1_000, at=moment(day(2)))
    with pytest.raises(error) as refusal:
        services.contribute(
            saving_id=saving.pk, user=ada, amount=naira * NAIRA, posting_id=posting_id(), at=moment(day(1))
        )
    if error is refusals.TooMuch:
        assert refusal.value.public_data == {"maximum": 6_000 * NAIRA, "left": 5_000 * NAIRA}


def test_wallet_and_savings_together_hold_what_the_tier_may(ada: User) -> None:
    """A tier 1 wallet holds 300,000 naira; saving it makes no room for more."""
    wallet_account = funded(ada, 300_000, tier=1)
    plan = plan_of("FLEXIBLE")
    opened(ada, plan, naira=200_000, at=moment(day(2)))
    with acting_as_service():
        clearing = wallet.system_account("PAYSTACK_CLEARING")
        more = wallet.Line("RELEASE", clearing, wallet_account.pk, 100_000 * NAIRA)
        wallet.post(posting_id=posting_id(), lines=[more])
    with pytest.raises(refusals.TierCapExceeded):
        opened(ada, plan, naira=1_000, at=moment(day(1)))


def test_nobody_pays_into_or_takes_from_anothers_saving(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(2)))
    facts = {"saving_id": saving.pk, "user": bola, "amount": NAIRA, "posting_id": posting_id()}
    for service in (services.contribute, services.withdraw):
        with pytest.raises(refusals.SavingNotFound):
            service(at=moment(day(1)), **facts)


# Days


def test_after_the_cut_off_money_counts_from_the_next_day_and_so_does_what_leaves(ada: User) -> None:
    funded(ada)
    plan = plan_of("FLEXIBLE", terms=Terms(bands=TEN.bands, paid=Every.DAY), cut_off=time(18))
    saving = opened(ada, plan, at=moment(day(3), time(17, 59, 59)))
    late = moment(day(3), time(18))
    facts = {"saving_id": saving.pk, "user": ada, "amount": 500 * NAIRA}
    moved_in = services.contribute(posting_id=posting_id(), at=late, **facts)
    moved_out = services.withdraw(posting_id=posting_id(), at=late + timedelta(minutes=1), **facts)
    assert (moved_in.value_date, moved_out.value_date) == (day(2), day(2))
    services.contribute(posting_id=posting_id(), at=moment(day(1)), **facts)
    with acting_as_service():
        rows = Accrual.objects.order_by("day")
        assert [(row.day, row.balance) for row in rows] == [
            (day(3), 1_000 * NAIRA),
            (day(2), 1_000 * NAIRA + rows[0].paid),
        ]


def test_a_saving_opened_in_the_last_second_of_a_day_earns_for_that_day(ada: User) -> None:
    funded(ada)
    plan = plan_of("FLEXIBLE")
    assert opened(ada, plan, at=moment(day(2), time(23, 59, 59))).opened_on == day(2)
    assert opened(ada, plan, at=moment(day(1), time(0))).opened_on == day(1)


def test_money_in_and_out_on_a_day_earns_nothing(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(2), time(9)))
    services.withdraw(
        saving_id=saving.pk,
        user=ada,
        amount=1_000 * NAIRA,
        posting_id=posting_id(),
        at=moment(day(2), time(21)),
    )
    with acting_as_service():
        services.close_saving(saving_id=saving.pk, until=day(0))
        assert {row.accrued for row in Accrual.objects.all()} == {Decimal(0)}
        assert Accrual.objects.count() == 2


def test_a_clock_that_is_set_back_never_writes_into_a_closed_day(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(3)))
    with acting_as_service():
        services.close_saving(saving_id=saving.pk, until=day(0))
    move = services.contribute(
        saving_id=saving.pk, user=ada, amount=NAIRA, posting_id=posting_id(), at=moment(day(2))
    )
    assert move.value_date == day(0)


# Taking out


def test_withdrawals_are_free_so_often_a_month_and_then_cost(ada: User) -> None:
    wallet_account = funded(ada)
    plan = plan_of("FLEXIBLE", free_withdrawals=1, withdrawal_fee=Decimal("2.5"))
    saving = opened(ada, plan, naira=10_000, at=moment(day(1)))
    facts = {"saving_id": saving.pk, "user": ada, "amount": 1_000 * NAIRA}
    for _ in range(2):
        services.withdraw(posting_id=posting_id(), at=moment(day(1)), **facts)
    assert balance(saving) == 7_975 * NAIRA
    with acting_as_service():
        assert Account.objects.get(pk=wallet_account.pk).balance == 92_000 * NAIRA
        assert sorted(Move.objects.values_list("kind", "amount")) == [
            ("CONTRIBUTION", 1_000_000),
            ("FEE", -2_500),
            ("WITHDRAWAL", -100_000),
            ("WITHDRAWAL", -100_000),
        ]
        assert wallet.verify() == []


def test_no_more_is_taken_out_than_there_is_with_its_fee(ada: User) -> None:
    funded(ada)
    plan = plan_of("FLEXIBLE", free_withdrawals=0, withdrawal_fee=Decimal(10))
    saving = opened(ada, plan, naira=1_000, at=moment(day(1)))
    with pytest.raises(refusals.NotEnoughSaved) as refusal:
        services.withdraw(
            saving_id=saving.pk, user=ada, amount=950 * NAIRA, posting_id=posting_id(), at=moment(day(1))
        )
    assert refusal.value.public_data == {"available": 100_000, "fee": 9_500}


def test_a_fixed_saving_takes_money_once_and_gives_none_back_in_parts(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FIXED"), at=moment(day(2)), wish=Wish(name="Land", days=30))
    assert saving.matures_on == day(2) + 30 * DAY
    facts = {"saving_id": saving.pk, "user": ada, "amount": NAIRA, "posting_id": posting_id()}
    with pytest.raises(refusals.TakesMoneyOnce):
        services.contribute(at=moment(day(1)), **facts)
    with pytest.raises(refusals.Locked):
        services.withdraw(at=moment(day(1)), **facts)


# Opening


@pytest.mark.parametrize(
    ("kind", "wish", "field"),
    [
        ("FLEXIBLE", Wish(name=""), "name"),
        ("FLEXIBLE", Wish(name="x" * 81), "name"),
        ("FLEXIBLE", Wish(name="Rent", target=0), "target"),
        ("FLEXIBLE", Wish(name="Rent", at_maturity="ROLL_ALL"), "at_maturity"),
        ("FIXED", Wish(name="Rent"), "days"),
        ("FIXED", Wish(name="Rent", days=9), "days"),
        ("FIXED", Wish(name="Rent", days=101), "days"),
        ("FIXED", Wish(name="Rent", days=-10), "days"),
        ("TARGET", Wish(name="Rent", target_date=date(2099, 1, 1)), "target"),
        ("TARGET", Wish(name="Rent", target=100), "target_date"),
        ("TARGET", Wish(name="Rent", target=100, target_date=date(2020, 1, 1)), "target_date"),
    ],
)
def test_what_cannot_be_opened_names_the_field(ada: User, kind: str, wish: Wish, field: str) -> None:
    funded(ada)
    with pytest.raises(refusals.SavingInvalid) as refusal:
        opened(ada, plan_of(kind, shortest=10, longest=100), wish=wish, at=moment(day(1)))
    assert refusal.value.data["field"] == field


def test_terms_that_changed_since_they_were_shown_are_named(ada: User) -> None:
    funded(ada)
    plan = plan_of("FLEXIBLE")
    with acting_as_service():
        shown = services.terms_in_force(plan.pk, day(1))
        set_terms(plan, Terms(bands=(Band(0, Decimal(8)),)), since=day(0))
    with pytest.raises(refusals.TermsChanged):
        services.open_saving(
            saving_id=uuid7(),
            user=ada,
            plan=plan,
            wish=Wish(name="Rent"),
            terms=shown,
            at=moment(day(0), time(0)),
        )
