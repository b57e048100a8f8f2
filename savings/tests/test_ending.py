"""Ending early: the quote, both penalties, interest paid up front; and that what is done is what was quoted."""

from datetime import datetime, time
from decimal import Decimal

import pytest

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id
from savings import interest, refusals, services
from savings.interest import Band, Every, Terms
from savings.models import Accrual, ClosingQuote, Move, PlanTerms, StateChange, UserSavings
from savings.services import Wish
from savings.tests.saving import set_terms
from savings.tests.world import DAY, NAIRA, balance, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account

pytestmark = pytest.mark.django_db
DAILY = Terms(bands=(Band(0, Decimal(10)),), paid=Every.DAY, tax=Decimal(10))
LAND = Wish(name="Land", days=100)


def quote_of(user: User, saving: UserSavings, back: int = 0, clock: time = time(12)) -> ClosingQuote:
    return services.quote_closing(saving_id=saving.pk, user=user, at=moment(day(back), clock))


def test_a_share_of_what_was_saved_is_lost_and_the_interest_is_paid(ada: User) -> None:
    source = funded(ada)
    plan = plan_of("FIXED", penalty="SHARE", penalty_percent=Decimal("2.5"))
    saving = opened(ada, plan, naira=10_000, at=moment(day(36)), wish=LAND)
    quote = quote_of(ada, saving)
    # 36 days of 10 % on 10,000 naira: 98.63; the tax is 9.86, the penalty 2.5 % of 10,000.
    assert (quote.interest, quote.tax, quote.penalty, quote.taken_back) == (9_863, 986, 25_000, 0)
    assert (quote.is_early, quote.pays_out) == (True, 1_000_000 + 9_863 - 986 - 25_000)
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0), time(12, 14)))
    assert balance(saving) == 0
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 9_000_000 + quote.pays_out
        assert wallet.balance_of(wallet.system_account("SAVINGS_PENALTIES")) == 25_000
        assert wallet.balance_of(wallet.system_account("WITHHOLDING_TAX")) == 986
        steps = StateChange.objects.filter(saving=saving).order_by("pk").values_list("now", flat=True)
        assert list(steps) == ["ACTIVE", "BROKEN", "CLOSED"]
        assert sorted(Move.objects.values_list("kind", "amount"))[1:] == [
            ("PENALTY", -25_000),
            ("WITHDRAWAL", -quote.pays_out),
        ]
        assert wallet.verify() == []


def test_a_lower_rate_for_the_whole_time_takes_back_what_was_paid_too_much_with_its_tax(ada: User) -> None:
    funded(ada)
    plan = plan_of("FIXED", terms=DAILY, penalty="LOWER_RATE", penalty_percent=Decimal(4))
    saving = opened(ada, plan, naira=10_000, at=moment(day(36)), wish=LAND)
    quote = quote_of(ada, saving)
    with acting_as_service():
        rows = list(Accrual.objects.order_by("day"))
    paid, withheld = sum(row.paid for row in rows), sum(row.tax for row in rows)
    lower = Terms(bands=(Band(0, Decimal(6)),), paid=Every.DAY, tax=Decimal(10))
    standing, days = interest.close_days(
        {day(36): lower}, start=day(36), end=day(0), moves={day(36): 1_000_000}
    )
    due = interest.whole(standing.carry + sum(row.paid for row in days), lower.rounding)
    assert len(rows) == 36 and due < paid
    assert (quote.interest, quote.tax, quote.penalty) == (0, 0, 0)
    assert (quote.taken_back, quote.tax_back) == (paid - due, withheld - interest.tax_on(due, Decimal(10)))
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0)))
    with acting_as_service():
        assert wallet.balance_of(wallet.system_account("INTEREST_EXPENSE")) == due
        assert wallet.balance_of(wallet.system_account("WITHHOLDING_TAX")) == interest.tax_on(
            due, Decimal(10)
        )
        assert wallet.verify() == []


def test_a_lower_rate_is_never_below_zero_nor_above_what_was_earned(ada: User) -> None:
    funded(ada)
    plan = plan_of("FIXED", penalty="LOWER_RATE", penalty_percent=Decimal(50))
    quote = quote_of(ada, opened(ada, plan, naira=10_000, at=moment(day(36)), wish=LAND))
    assert (quote.interest, quote.taken_back, quote.pays_out) == (0, 0, 1_000_000)
    assert quote.earned == 9_863


def test_interest_paid_up_front_comes_back_for_the_days_that_are_not_kept(ada: User) -> None:
    source = funded(ada)
    plan = plan_of("FIXED", up_front=True)
    saving = opened(ada, plan, naira=10_000, at=moment(day(36)), wish=LAND)
    # 100 days of 10 % on 10,000 naira: 273.97, less 27.40 of tax, on the first day.
    assert (saving.paid_at_start, saving.tax_at_start) == (27_397, 2_740)
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 9_000_000 + 27_397 - 2_740
    quote = quote_of(ada, saving)
    assert (quote.earned, quote.interest) == (9_863, 0)
    assert (quote.taken_back, quote.tax_back) == (27_397 - 9_863, 2_740 - 986)
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0)))
    with acting_as_service():
        assert wallet.balance_of(wallet.system_account("INTEREST_EXPENSE")) == 9_863
        assert wallet.balance_of(wallet.system_account("WITHHOLDING_TAX")) == 986
        assert Account.objects.get(pk=source.pk).balance == 10_000_000 + 9_863 - 986
        assert wallet.verify() == []


def test_interest_paid_up_front_is_all_there_is_at_the_end(ada: User) -> None:
    source = funded(ada)
    plan = plan_of("FIXED", up_front=True)
    saving = opened(ada, plan, naira=10_000, at=moment(day(36)), wish=Wish(name="Land", days=36))
    assert services.mature_due(at=moment(day(0), time(0, 0, 1))) == 1
    with acting_as_service():
        assert (
            Account.objects.get(pk=source.pk).balance
            == 10_000_000 + saving.paid_at_start - saving.tax_at_start
        )
        assert not Accrual.objects.filter(paid__gt=0).exists()
        assert wallet.verify() == []


def test_a_penalty_is_never_more_than_what_is_there(ada: User) -> None:
    funded(ada)
    plan = plan_of("FIXED", up_front=True, penalty="SHARE", penalty_percent=Decimal(100))
    saving = opened(ada, plan, naira=10_000, at=moment(day(36)), wish=LAND)
    quote = quote_of(ada, saving)
    assert quote.pays_out == 0 and quote.penalty == 1_000_000 - quote.taken_back + quote.tax_back
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0)))
    assert balance(saving) == 0


# A flexible saving ends without any penalty


def test_an_open_ended_saving_ends_with_all_it_earned(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), naira=10_000, at=moment(day(36)))
    quote = quote_of(ada, saving)
    assert (quote.is_early, quote.interest, quote.costs) == (False, 9_863, 0)
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0)))
    with acting_as_service():
        steps = StateChange.objects.filter(saving=saving).order_by("pk").values_list("now", flat=True)
        assert list(steps) == ["ACTIVE", "MATURED", "CLOSED"]


def test_a_paused_saving_is_broken_by_way_of_active(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FIXED"), at=moment(day(9)), wish=LAND)
    services.pause_saving(saving_id=saving.pk, user=ada, at=moment(day(8)))
    services.end_saving(quote_id=quote_of(ada, saving).pk, user=ada, at=moment(day(0)))
    with acting_as_service():
        steps = StateChange.objects.filter(saving=saving).order_by("pk").values_list("now", flat=True)
        assert list(steps) == ["ACTIVE", "PAUSED", "ACTIVE", "BROKEN", "CLOSED"]


# What was quoted is done, or nothing


def test_a_quote_is_done_once_and_a_repeat_gets_the_same(ada: User) -> None:
    source = funded(ada)
    saving = opened(ada, plan_of("FIXED"), at=moment(day(9)), wish=LAND)
    quote = quote_of(ada, saving)
    first = services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0)))
    again = services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0), time(13)))
    assert first == again and again.used_at is not None
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 9_900_000 + quote.pays_out


@pytest.mark.parametrize(
    ("clock", "then"),
    [(time(12), moment(day(0), time(12, 15))), (time(23, 50), moment(day(0), time(0)) + DAY)],
)
def test_a_quote_does_not_hold_for_ever_nor_into_the_next_day(ada: User, clock: time, then: datetime) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FIXED"), at=moment(day(9)), wish=LAND)
    then -= 5 * DAY
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=moment(day(5), clock))
    with pytest.raises(refusals.QuoteOver):
        services.end_saving(quote_id=quote.pk, user=ada, at=then)
    services.end_saving(
        quote_id=services.quote_closing(saving_id=saving.pk, user=ada, at=then).pk, user=ada, at=then
    )


def test_a_quote_made_before_money_moved_no_longer_holds(ada: User) -> None:
    funded(ada)
    wish = Wish(name="Rent", target=100, target_date=day(-30))
    saving = opened(ada, plan_of("TARGET"), at=moment(day(9)), wish=wish)
    quote = quote_of(ada, saving)
    services.contribute(
        saving_id=saving.pk, user=ada, amount=NAIRA, posting_id=posting_id(), at=moment(day(0), time(12, 1))
    )
    with pytest.raises(refusals.QuoteOver):
        services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0), time(12, 2)))


def test_a_rate_table_that_changes_while_a_quote_is_open_changes_nothing_for_a_saving_with_an_end(
    ada: User,
) -> None:
    funded(ada)
    plan = plan_of("FIXED", penalty="LOWER_RATE", penalty_percent=Decimal(1))
    saving = opened(ada, plan, naira=10_000, at=moment(day(9)), wish=LAND)
    quote = quote_of(ada, saving)
    with acting_as_service():
        set_terms(plan, Terms(bands=(Band(0, Decimal(1)),)), since=day(0))
    done = services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0), time(12, 1)))
    assert done.pays_out == quote.pays_out


def test_a_new_rate_from_today_on_ends_the_quotes_of_open_ended_savings(ada: User) -> None:
    funded(ada)
    plan = plan_of("FLEXIBLE")
    saving = opened(ada, plan, naira=10_000, at=moment(day(9)))
    quote = quote_of(ada, saving)
    with acting_as_service():
        set_terms(plan, Terms(bands=(Band(0, Decimal(1)),), paid=Every.END), since=day(0))
    with pytest.raises(refusals.QuoteOver):
        services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0), time(12, 1)))


def test_nobody_ends_anothers_saving(ada: User, bola: User) -> None:
    funded(ada)
    quote = quote_of(ada, opened(ada, plan_of("FLEXIBLE"), at=moment(day(2))))
    with pytest.raises(refusals.SavingNotFound):
        services.end_saving(quote_id=quote.pk, user=bola, at=moment(day(0)))
    with acting_as_service():
        assert PlanTerms.objects.count() == 1


def test_what_cannot_be_worked_out_is_not_quoted(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE", terms=DAILY), at=moment(day(2)))
    with acting_as_service():
        account = Account.objects.get(pk=saving.account_id)
        wallet.set_state(account=account, state="FROZEN", reason="a court order")
    with pytest.raises(refusals.BeingLookedInto):
        quote_of(ada, saving)
