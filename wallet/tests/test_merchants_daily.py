"""A merchant's balance that goes to its bank by itself: each day once, and never at another merchant's expense."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, User
from accounts.services.organizations import RoleNotEnough
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as, acting_as_service
from wallet import payout_tasks
from wallet.models import Account, BankAccount, Merchant, Payout, SettlementRun
from wallet.services.accounts import set_state
from wallet.services.bank_accounts import BankAccountGone, Found
from wallet.services.merchants import applying, daily, settling
from wallet.services.merchants.daily import SettlesFromRefused
from wallet.tests.deposits import at_once, notices
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.ledger import prove_the_books, trust_new_factors
from wallet.tests.pages import browser_of, text
from wallet.tests.selling import again, buy, has, make_link, make_merchant, told

HAS, LEAST = 2_000_000, 500_000
pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant(ada: User, bola: User) -> Merchant:
    install_sandbox()
    return selling_merchant(ada, bola)


def selling_merchant(payer: User, owner: User, *, name: str = "Bola's Fabrics", sold: int = HAS) -> Merchant:
    made = make_merchant(owner, name=name)
    if sold:
        buy(payer, make_wallet(payer, amount=sold, tier=3), make_link(made, amount=sold))
    return again(made)


def bank_of(merchant: Merchant, by: User, *, age: timedelta = timedelta(days=30)) -> BankAccount:
    found = Found("paystack", "044", "Access Bank", "0000000220", "BOLAS FABRICS", "SELF", False)
    return settling.add_bank_account(merchant=merchant, by=by, found=found, at=timezone.now() - age)


def switch_on(merchant: Merchant, by: User, bank: BankAccount | None = None, **facts: Any) -> Merchant:
    facts = {"settles_from": LEAST, "at": timezone.now() - timedelta(days=7), **facts}
    return daily.settle_daily(merchant=merchant, by=by, bank_account=bank or bank_of(merchant, by), **facts)


def morning(days: int = 0) -> datetime:
    day = timezone.localdate() + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time(6)))


def run(at: datetime) -> None:
    """What the task does at that time, without the word to the gateway."""
    daily.make_due_runs(at=at)
    while (run_id := daily.take_due(at=at)) is not None:
        daily.run_due(run_id=run_id, at=at)


def runs(merchant: Merchant) -> list[tuple[date, str, str]]:
    return [(run.due_date, run.state, run.code) for run in reversed(daily.runs_of(merchant, limit=9))]


def payouts() -> list[Payout]:
    with acting_as_service():
        return list(Payout.objects.order_by("pk"))


def test_each_day_once_however_often_it_runs(merchant: Merchant, bola: User) -> None:
    switch_on(merchant, bola)
    for at in (morning(), morning() + timedelta(hours=3), morning() + timedelta(hours=9)):
        run(at)
    today = timezone.localdate()
    assert runs(merchant) == [(today, "SENT", "")]
    (payout,) = payouts()
    with acting_as_service():
        made = SettlementRun.objects.get()
    assert (payout.pk, payout.purpose, made.payout_id) == (made.pk, "SETTLEMENT", payout.pk)
    account = again(merchant).account
    assert account.held == payout.total and account.available in (0, 1)
    run(morning(1))
    assert runs(merchant)[1:] == [(today + timedelta(days=1), "LEFT", "")] and len(payouts()) == 1
    assert has(merchant.account_id) == account.balance
    prove_the_books()


def test_less_than_the_least_stays_until_there_is_more(merchant: Merchant, ada: User, bola: User) -> None:
    switch_on(merchant, bola, settles_from=HAS + 1)
    run(morning())
    assert [state for _day, state, _code in runs(merchant)] == ["LEFT"] and payouts() == []
    buy(ada, make_wallet(ada, amount=LEAST), make_link(merchant, amount=LEAST))
    run(morning(1))
    assert [state for _day, state, _code in runs(merchant)] == ["LEFT", "SENT"]


def test_what_stands_in_the_way_of_one_is_parked_and_the_others_go_on(
    merchant: Merchant, ada: User, bola: User
) -> None:
    other = selling_merchant(make_person(name="Chidi Eze"), make_person(name="Efe Ojo"), name="Efe Foods")
    with acting_as_service():
        owner = other.organization.memberships.get().user
    switch_on(merchant, bola)
    switch_on(other, owner)
    with acting_as_service():
        set_state(account=merchant.account, state=Account.State.NO_DEBIT, reason="looked into")
    run(morning())
    assert runs(merchant)[0][1:] == ("PARKED", "account_no_debit")
    assert runs(other)[0][1] == "SENT" and [each.account_id for each in payouts()] == [other.account_id]
    assert "merchant.settlement_parked" in notices()
    parked = [facts for event, facts in told(merchant) if event == "settlement.parked"]
    assert [facts["code"] for facts in parked] == ["account_no_debit"]
    with acting_as_service():
        set_state(account=merchant.account, state=Account.State.ACTIVE, reason="all well")
    run(morning(1))
    assert [state for _day, state, _code in runs(merchant)] == ["PARKED", "SENT"]


def test_who_dies_in_between_leaves_it_to_the_next(merchant: Merchant, bola: User) -> None:
    switch_on(merchant, bola)
    daily.make_due_runs(at=morning())
    taken = daily.take_due(at=morning())
    assert taken is not None and daily.take_due(at=morning()) is None
    later = morning() + daily.TAKEN_FOR
    assert daily.take_due(at=later) == taken
    assert [daily.run_due(run_id=taken, at=later).state for _twice in range(2)] == ["SENT", "SENT"]
    assert len(payouts()) == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_send_it_once(merchant: Merchant, bola: User) -> None:
    switch_on(merchant, bola)
    assert at_once(*[lambda: run(morning())] * 4) == []
    assert len(payouts()) == 1 and [state for _day, state, _code in runs(merchant)] == ["SENT"]


def test_it_begins_tomorrow_or_when_the_account_is_no_longer_new(merchant: Merchant, bola: User) -> None:
    old = bank_of(merchant, bola)
    switch_on(merchant, bola, old, at=timezone.now())
    today = timezone.localdate()
    assert again(merchant).settles_since == today + timedelta(days=1)
    run(morning())
    assert runs(merchant) == []
    with acting_as_service():
        BankAccount.objects.filter(pk=old.pk).update(added_at=timezone.now())
    daily.stop_settling_daily(merchant=merchant, by=bola)
    switch_on(merchant, bola, old, at=timezone.now())
    since = again(merchant).settles_since
    assert since is not None and since > today + timedelta(days=1)
    # Another least amount begins nothing anew.
    switch_on(merchant, bola, old, settles_from=LEAST * 2, at=timezone.now() + timedelta(days=3))
    assert again(merchant).settles_since == since


def test_only_owners_say_so_and_only_of_their_own_account(merchant: Merchant, ada: User, bola: User) -> None:
    bank, admin = bank_of(merchant, bola), make_person(name="Chidi Eze")
    with acting_as_service():
        merchant.organization.memberships.create(user=admin, role=Membership.Role.ADMIN)
    with pytest.raises(RoleNotEnough):
        switch_on(merchant, admin, bank)
    with pytest.raises(RoleNotEnough):
        daily.stop_settling_daily(merchant=merchant, by=admin)
    others = bank_of(make_merchant(ada, name="Ada Foods"), ada)
    with pytest.raises(BankAccountGone):
        switch_on(merchant, bola, others)
    for amount in (9_999, 1_000_000_001):
        with pytest.raises(SettlesFromRefused):
            switch_on(merchant, bola, bank, settles_from=amount)
    assert not again(merchant).settles_daily


def test_it_ends_with_its_bank_account_and_with_the_merchant(merchant: Merchant, bola: User) -> None:
    bank = bank_of(merchant, bola)
    switch_on(merchant, bola, bank)
    applying.suspend(merchant=merchant, by=bola, reason="looked into", at=timezone.now())
    run(morning())
    assert runs(merchant) == []
    applying.activate(merchant=merchant, by=bola, reason="all well", at=timezone.now())
    settling.remove_bank_account(merchant=again(merchant), by=bola, account=bank, at=timezone.now())
    assert not again(merchant).settles_daily
    run(morning())
    assert runs(merchant) == [] and "merchant.settles_by_hand" in notices()


def test_money_taken_out_meanwhile_is_looked_at_again(merchant: Merchant, bola: User, monkeypatch) -> None:
    switch_on(merchant, bola)
    with monkeypatch.context() as patched:
        patched.setattr(daily, "everything", lambda **_facts: HAS + 1)
        run(morning())
    assert [state for _day, state, _code in runs(merchant)] == ["DUE"]
    run(morning() + daily.TAKEN_FOR)
    assert [state for _day, state, _code in runs(merchant)] == ["SENT"]


def test_the_task_says_what_was_parked(merchant: Merchant, bola: User) -> None:
    bank = bank_of(merchant, bola)
    switch_on(merchant, bola, bank, at=timezone.now() - timedelta(days=7))
    with acting_as_service():
        BankAccount.objects.filter(pk=bank.pk).update(removed_at=timezone.now())
    payout_tasks.settle_merchants()
    assert runs(merchant)[0][1:] == ("PARKED", "bank_account_gone")


class TestPages:
    @pytest.fixture
    def browser(self, merchant: Merchant, bola: User) -> Client:
        client = browser_of(bola)
        prove_factor(bola)
        trust_new_factors()
        return client

    @pytest.fixture
    def place(self, merchant: Merchant) -> str:
        return f"/organizations/{merchant.organization.slug}/payments/take-out/daily/"

    def test_an_owner_switches_it_on_and_off_with_a_factor(
        self, browser: Client, place: str, merchant: Merchant, bola: User
    ) -> None:
        assert "No bank account yet" in text(browser.get(place))
        bank = bank_of(merchant, bola)
        sent = {"bank_account": str(bank.pk), "settles_from": "5,000"}
        assert browser_of(bola).post(place, sent).status_code == 302
        assert not again(merchant).settles_daily
        assert browser.post(place, sent).url == place
        shown = text(browser.get(place))
        assert "Access Bank •••• 0220" in shown and "₦5,000.00" in shown and "Stop it" in shown
        page = browser.post(place, {**sent, "settles_from": "99"})
        assert page.status_code == 422 and "between ₦100 and" in text(page)
        browser.post(f"{place}stop/")
        assert not again(merchant).settles_daily

    def test_the_days_are_shown_with_what_became_of_them(
        self, browser: Client, place: str, merchant: Merchant, bola: User
    ) -> None:
        switch_on(merchant, bola)
        with acting_as_service():
            set_state(account=merchant.account, state=Account.State.NO_DEBIT, reason="looked into")
        run(morning(-1))
        with acting_as_service():
            set_state(account=merchant.account, state=Account.State.ACTIVE, reason="all well")
        run(morning())
        shown = text(browser.get(place))
        assert "Not sent" in shown and "Being sent" in shown
        assert "not sent to your bank" in text(browser.get("/notices/"))

    def test_administrators_look_and_members_do_not(self, place: str, merchant: Merchant, bola: User) -> None:
        bank_of(merchant, bola)
        for role, status in (("ADMIN", 200), ("MEMBER", 404)):
            person = make_person(name=f"{role.title()} Eze")
            with acting_as_service():
                merchant.organization.memberships.create(user=person, role=role)
            page = browser_of(person).get(place)
            assert page.status_code == status
            assert browser_of(person).post(place, {}).status_code == 404
        assert "<form" not in page.content.decode().split("<main")[-1]


def test_days_are_the_organisations_alone(merchant: Merchant, ada: User, bola: User) -> None:
    switch_on(merchant, bola)
    run(morning())
    for person, many in ((bola, 1), (ada, 0)):
        with acting_as(person), connection.cursor() as cursor:
            cursor.execute("select count(*) from wallet_settlementrun")
            assert cursor.fetchone() == (many,)
            assert SettlementRun.objects.visible_to(person).count() == many
