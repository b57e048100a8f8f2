"""A saving that has come to its end: paid out or saved again, just after midnight, once."""

from datetime import time
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connections

from accounts.models import Notification, User
from core.actors import acting_as_service
from core.errors import DomainError
from savings import interest, refusals, services
from savings.interest import Band, Every, Terms
from savings.models import Accrual, Move, SavingsPlan, StateChange, UserSavings
from savings.services import Wish
from savings.tests.saving import set_terms
from savings.tests.world import DAY, NAIRA, TEN, balance, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account

pytestmark = pytest.mark.django_db
TWENTY = 54_79  # 10 % of 10,000 naira for 20 days, kobo
TAX = 5_48


def fixed(
    user: User, choice: str = "PAY_OUT", *, plan: SavingsPlan | None = None, start: int = 20
) -> UserSavings:
    """10,000 naira for 20 days."""
    wish = Wish(name="Land", days=20, at_maturity=choice)
    return opened(user, plan or plan_of("FIXED"), naira=10_000, at=moment(day(start)), wish=wish)


def found(saving: UserSavings) -> UserSavings:
    with acting_as_service():
        return UserSavings.objects.get(pk=saving.pk)


def steps(saving: UserSavings) -> list[str]:
    with acting_as_service():
        return list(StateChange.objects.filter(saving=saving).order_by("pk").values_list("now", flat=True))


def test_it_is_paid_out_after_its_last_day_and_not_before(ada: User) -> None:
    source = funded(ada)
    saving = fixed(ada)
    assert services.mature_due(at=moment(day(1), time(23, 59, 59))) == 0
    assert services.mature_due(at=moment(day(0), time(0))) == 1
    assert steps(saving) == ["ACTIVE", "MATURED", "PAID_OUT"]
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 10_000_000 + TWENTY - TAX
        assert Accrual.objects.filter(saving=saving).count() == 20
        assert Notification.objects.get(event="saving.paid_out").data["amount"] == 1_000_000 + TWENTY - TAX
        assert wallet.verify() == []
    assert services.mature_due(at=moment(day(0), time(0, 5))) == 0


def test_principal_is_saved_again_and_the_interest_paid(ada: User) -> None:
    source = funded(ada)
    saving = fixed(ada, "ROLL_PRINCIPAL")
    assert services.mature_due(at=moment(day(0), time(0))) == 1
    assert found(saving).state == "ROLLED_OVER" and balance(saving) == 0
    with acting_as_service():
        new = UserSavings.objects.get(rolled_from=saving)
        assert (new.state, new.opened_on, new.matures_on) == ("ACTIVE", day(0), day(0) + 20 * DAY)
        assert Account.objects.get(pk=source.pk).balance == 9_000_000 + TWENTY - TAX
        assert wallet.verify() == []
    assert balance(new) == 1_000_000


def test_all_of_it_is_saved_again_under_the_terms_of_that_day(ada: User) -> None:
    funded(ada)
    plan = plan_of("FIXED")
    saving = fixed(ada, "ROLL_ALL", plan=plan)
    with acting_as_service():
        newer = set_terms(plan, Terms(bands=(Band(0, Decimal(5)),), paid=Every.END), since=day(0))
    assert services.mature_due(at=moment(day(0), time(0))) == 1
    with acting_as_service():
        new = UserSavings.objects.get(rolled_from=saving)
        assert (new.terms_id, new.at_maturity) == (newer.pk, "ROLL_ALL")
    assert balance(new) == 1_000_000 + TWENTY - TAX


def test_days_late_the_new_saving_still_begins_where_the_old_one_ended(ada: User) -> None:
    funded(ada)
    saving = fixed(ada, "ROLL_ALL", start=25)
    assert services.mature_due(at=moment(day(0))) == 1
    with acting_as_service():
        new = UserSavings.objects.get(rolled_from=saving)
        assert (new.opened_on, new.matures_on) == (day(5), day(5) + 20 * DAY)
        services.close_saving(saving_id=new.pk, until=day(0))
        assert Accrual.objects.filter(saving=new).count() == 5
        assert Accrual.objects.filter(saving=saving).count() == 20


@pytest.mark.parametrize("why", ["closed plan", "too little"])
def test_what_cannot_be_saved_again_waits_and_its_owner_is_told_once(ada: User, why: str) -> None:
    funded(ada)
    plan = plan_of("FIXED")
    saving = fixed(ada, "ROLL_ALL", plan=plan)
    with acting_as_service():
        if why == "closed plan":
            SavingsPlan.objects.filter(pk=plan.pk).update(is_open=False)
        else:
            set_terms(plan, TEN, since=day(0), minimum=2_000_000)
    for _ in range(2):
        assert services.mature_due(at=moment(day(0), time(0))) == 0
    assert found(saving).state == "MATURED" and balance(saving) == 1_000_000 + TWENTY - TAX
    with acting_as_service():
        assert Notification.objects.filter(event="saving.matured").count() == 1
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=moment(day(0)))
    assert (quote.is_early, quote.interest, quote.pays_out) == (False, 0, 1_000_000 + TWENTY - TAX)
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0)))
    assert steps(saving)[-1] == "CLOSED"


def test_a_wallet_that_takes_no_money_leaves_it_in_the_saving_until_it_does(ada: User) -> None:
    source = funded(ada)
    saving = fixed(ada)
    with acting_as_service():
        wallet.set_state(account=source, state="FROZEN", reason="a court order")
    assert services.mature_due(at=moment(day(0), time(0))) == 0
    assert found(saving).state == "MATURED"
    with acting_as_service():
        wallet.set_state(account=source, state="ACTIVE", reason="it was lifted")
    assert services.mature_due(at=moment(day(0), time(1))) == 1
    assert found(saving).state == "PAID_OUT"


def test_a_paused_saving_matures_by_way_of_active(ada: User) -> None:
    funded(ada)
    saving = fixed(ada)
    services.pause_saving(saving_id=saving.pk, user=ada, at=moment(day(9)))
    assert services.mature_due(at=moment(day(0), time(0))) == 1
    assert steps(saving) == ["ACTIVE", "PAUSED", "ACTIVE", "MATURED", "PAID_OUT"]


def test_what_matures_on_the_day_takes_no_more_money_even_before_the_task_came(ada: User) -> None:
    funded(ada)
    wish = Wish(name="Rent", target=100, target_date=day(0))
    saving = opened(ada, plan_of("TARGET", cut_off=time(18)), at=moment(day(5)), wish=wish)
    facts = {"saving_id": saving.pk, "user": ada, "amount": NAIRA, "posting_id": saving.pk}
    for at in (moment(day(0), time(0)), moment(day(1), time(18))):
        with pytest.raises(refusals.SavingOver):
            services.contribute(at=at, **facts)


def test_a_saving_over_29_february_earns_for_that_day() -> None:
    terms = Terms(bands=(Band(0, Decimal(10)),), day_count="ACT/365F", paid=Every.END)
    leap, plain = (
        interest.close_days({start: terms}, start=start, end=end, moves={start: 36_500_00})[0].carry
        for start, end in (
            (day(0).replace(year=2028, month=2, day=1), day(0).replace(year=2028, month=3, day=1)),
            (day(0).replace(year=2027, month=2, day=1), day(0).replace(year=2027, month=3, day=1)),
        )
    )
    assert (leap, plain) == (29 * 1000, 28 * 1000)


@pytest.mark.django_db(transaction=True)
def test_breaking_and_maturing_in_the_same_second_pays_once(ada: User) -> None:
    source = funded(ada)
    saving = fixed(ada)
    last = moment(day(1), time(23, 59, 59))
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=last)
    ready = Barrier(2)
    done: list[str] = []

    def run(name: str) -> None:
        ready.wait()
        try:
            if name == "break":
                services.end_saving(quote_id=quote.pk, user=ada, at=last)
                done.append(name)
            elif services.mature(saving_id=saving.pk, at=moment(day(0), time(0))):
                done.append(name)
        except DomainError:
            pass
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(name,)) for name in ("break", "mature")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    expected = quote.pays_out if done == ["break"] else 1_000_000 + TWENTY - TAX
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 9_000_000 + expected
        assert Move.objects.filter(saving=saving, kind="WITHDRAWAL").count() == 1
        assert wallet.verify() == []
    assert balance(saving) == 0


@pytest.mark.django_db(transaction=True)
def test_many_tasks_at_once_pay_each_saving_out_once(ada: User) -> None:
    source = funded(ada)
    plan = plan_of("FIXED")
    for _ in range(4):
        fixed(ada, plan=plan)
    done: list[int] = []

    def run() -> None:
        done.append(services.mature_due(at=moment(day(0), time(0))))
        connections.close_all()

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 4
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 10_000_000 + 4 * (TWENTY - TAX)
        assert wallet.verify() == []
