"""Bonuses paid in bulk: each once, within budget and cap, and taken back when the money that counted is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import notice_words
from accounts.models import Customer, Notification, Referral, ReferralBonus, ReferralProgram, User
from accounts.services import preferences, referrals
from accounts.tests.factories import make_person
from accounts.tests.noticing import take_all
from accounts.tests.referring import bonuses, invited_by, make_program, qualify, referral_of, told
from core.actors import acting_as_service
from core.ids import posting_id, uuid7_at
from wallet import referral_tasks
from wallet import services as wallet
from wallet.gateways.base import Charge
from wallet.models import Account, Payment, Transaction
from wallet.services import posting, referral_bonuses
from wallet.services.settlement import settle
from wallet.tests import deposits
from wallet.tests.factories import install_sandbox, make_wallet

# The follower of the books takes what has committed.
pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _the_books_are_right(transactional_db):
    yield
    assert wallet.verify() == []


def run(at=None) -> None:
    """One run of the job, at a moment."""
    at = at or timezone.now()
    referral_bonuses.run(clock=lambda: at, until=lambda: False)


def deposit(user: User, *, amount: int = 100_000) -> Payment:
    """A deposit that settles as those of the gateway do."""
    account, at = make_wallet(user), timezone.now()
    install_sandbox()
    payment = wallet.create_payment(account=account, amount=amount, at=at)
    card = {"authorization": {"signature": f"SIG_{payment.reference}"}}
    charge = Charge(payment.reference, "SUCCEEDED", amount, amount, 0, "NGN", at, "card", "1", card)
    return settle(payment_id=payment.pk, charge=charge, at=at)


def balance(user: User) -> int:
    with acting_as_service():
        account = Account.objects.filter(owner=user, kind="WALLET").first()
    return account.balance if account else 0


def spent() -> int:
    with acting_as_service():
        return ReferralProgram.objects.get().spent


def expense() -> int:
    return deposits.balances("REFERRAL_BONUSES")[0]


def posted() -> int:
    with acting_as_service():
        return Transaction.objects.filter(kind="BONUS").count()


def test_a_first_deposit_pays_both_and_tells_them(ada):
    make_program()
    bola = invited_by(ada)
    payment = deposit(bola)
    assert referral_of(bola).reference == payment.posting_id
    run()
    assert (balance(ada), balance(bola)) == (100_000, 150_000)
    assert (expense(), spent()) == (150_000, 150_000)
    assert referral_of(bola).state == "PAID"
    wallet.announce()
    assert told(ada) == ["referral.joined", "referral.qualified", "referral.paid"]
    assert told(bola) == ["referral.paid"]


def test_a_small_deposit_pays_nobody(ada):
    make_program()
    bola = invited_by(ada)
    deposit(bola, amount=99_999)
    run()
    assert posted() == 0


def test_however_often_the_job_runs_each_bonus_is_paid_once(ada):
    make_program()
    qualify(invited_by(ada))
    for _time in range(3):
        referral_tasks.pay_referral_bonuses()
    assert (posted(), balance(ada), spent()) == (2, 100_000, 150_000)


def test_a_bonus_is_posted_under_the_id_that_its_row_had_before(ada):
    make_program()
    qualify(invited_by(ada))
    with acting_as_service():
        before = set(ReferralBonus.objects.values_list("posting_id", flat=True))
    run()
    with acting_as_service():
        assert set(Transaction.objects.filter(kind="BONUS").values_list("posting_id", flat=True)) == before


def test_a_budget_that_ends_between_two_of_one_batch_pays_the_first_and_refuses_the_rest(ada):
    make_program(budget=400_000)
    at = timezone.now()
    people = [invited_by(make_person()) for _number in range(4)]
    for number, person in enumerate(people):
        qualify(person, at=at + timedelta(seconds=number))
    run(at + timedelta(minutes=1))
    assert [row[3:] for row in bonuses()] == [
        *[("PAID", "")] * 5,
        ("REFUSED", "BUDGET_SPENT"),
        *[("REFUSED", "BUDGET_SPENT")] * 2,
    ]
    assert [referral_of(person).state for person in people] == ["PAID", "PAID", "PAID", "REFUSED"]
    assert (spent(), expense()) == (350_000, 350_000)
    assert told(people[3]) == ["referral.refused"]


def test_nothing_that_is_smaller_jumps_the_queue_when_the_budget_is_spent(ada):
    make_program(budget=149_999)
    at = timezone.now()
    qualify(invited_by(ada), at=at)
    qualify(invited_by(make_person()), at=at + timedelta(seconds=1))
    run(at + timedelta(minutes=1))
    assert [row[3] for row in bonuses()] == ["PAID", "REFUSED", "REFUSED", "REFUSED"]


def test_whoever_reached_the_cap_earns_no_more_and_their_friends_are_welcomed_all_the_same(ada):
    make_program(cap_referrals=2)
    at = timezone.now()
    for number in range(3):
        qualify(invited_by(ada), at=at + timedelta(seconds=number))
    run(at + timedelta(minutes=1))
    qualify(invited_by(ada), at=at + timedelta(seconds=70))
    run(at + timedelta(minutes=2))
    assert balance(ada) == 200_000
    assert [row[3:] for row in bonuses() if row[1] == 1] == [
        ("PAID", ""),
        ("PAID", ""),
        ("REFUSED", "CAP_REACHED"),
        ("REFUSED", "CAP_REACHED"),
    ]
    assert {row[3] for row in bonuses() if row[1] == 0} == {"PAID"}
    assert spent() == 400_000


def test_a_cap_of_money_counts_every_level(ada):
    make_program(cap_amount=120_000, level_bonuses=[100_000, 20_000])
    at = timezone.now()
    bola = invited_by(ada)
    qualify(bola, at=at)
    qualify(invited_by(bola), at=at + timedelta(seconds=1))
    qualify(invited_by(bola), at=at + timedelta(seconds=2))
    run(at + timedelta(minutes=1))
    hers = [row[2:] for row in bonuses() if row[0] == ada.pk]
    assert hers == [
        (100_000, "PAID", ""),
        (20_000, "PAID", ""),
        (20_000, "REFUSED", "CAP_REACHED"),
    ]


@pytest.mark.parametrize("state", ["FROZEN", "NO_CREDIT"])
def test_an_account_that_cannot_receive_stops_nobody_else_and_is_paid_when_it_can(ada, state):
    make_program()
    at, bola = timezone.now(), invited_by(ada)
    other = invited_by(make_person())
    account = make_wallet(bola)
    deposits.freeze(account, state)
    qualify(bola, at=at)
    qualify(other, at=at)
    run(at + timedelta(seconds=1))
    assert (balance(ada), balance(bola), balance(other)) == (100_000, 0, 50_000)
    assert referral_of(bola).state == "QUALIFIED"
    with acting_as_service():
        assert ReferralBonus.objects.get(beneficiary=bola).waits_for == f"account_{state.lower()}"
        wallet.set_state(account=account, state="ACTIVE", reason="test")
    run(at + timedelta(hours=1))
    assert balance(bola) == 0
    run(at + DAY)
    assert (balance(bola), referral_of(bola).state, posted()) == (50_000, "PAID", 4)


def test_a_wallet_that_is_full_waits_and_the_chunk_counts_what_is_in_front(ada):
    """Two bonuses of one inviter in one chunk, of which the account has room for one."""
    make_program()
    make_wallet(ada, amount=30_000_000 - 150_000)
    at = timezone.now()
    for number in range(2):
        qualify(invited_by(ada), at=at + timedelta(seconds=number))
    run(at + timedelta(minutes=1))
    assert balance(ada) == 30_000_000 - 50_000
    assert [row[3] for row in bonuses() if row[1] == 1] == ["PAID", "DUE"]
    assert {row[3] for row in bonuses() if row[1] == 0} == {"PAID"}


def test_what_the_ledger_refuses_after_all_is_set_aside_and_the_others_paid(ada, monkeypatch):
    """An account may change between the look and the posting's own lock; here the look is blind."""
    make_program()
    bola, at = invited_by(ada), timezone.now()
    deposits.freeze(make_wallet(bola))
    qualify(bola, at=at)
    blind = referral_bonuses.SEE.replace("'FROZEN'", "'BLIND'")
    monkeypatch.setattr(referral_bonuses, "SEE", blind)
    run(at + timedelta(seconds=1))
    assert (balance(ada), balance(bola), posted()) == (100_000, 0, 1)
    assert referral_of(bola).state == "QUALIFIED"
    with acting_as_service():
        assert ReferralBonus.objects.get(beneficiary=bola).waits_for == "account_frozen"


def test_a_bonus_that_waited_longer_than_an_id_lives_gets_another(ada):
    make_program()
    bola, at = invited_by(ada), timezone.now()
    account = make_wallet(bola)
    deposits.freeze(account)
    qualify(bola, at=at)
    old = uuid7_at(at - 33 * DAY)
    with acting_as_service():
        ReferralBonus.objects.filter(beneficiary=bola).update(posting_id=old)
    run(at + timedelta(seconds=1))
    with acting_as_service():
        assert ReferralBonus.objects.get(beneficiary=bola).posting_id != old
        wallet.set_state(account=account, state="ACTIVE", reason="test")
    run(at + DAY)
    assert balance(bola) == 50_000


def test_whoever_left_is_paid_nothing_and_the_money_is_free_again(ada):
    make_program()
    bola, at = invited_by(ada), timezone.now()
    qualify(bola, at=at)
    deposits.freeze(make_wallet(ada), "CLOSED")
    run(at + timedelta(seconds=1))
    assert [row[3:] for row in bonuses()] == [("PAID", ""), ("REFUSED", "ACCOUNT_CLOSED")]
    assert (spent(), expense(), referral_of(bola).state) == (50_000, 50_000, "PAID")


def test_of_whom_all_have_left_the_referral_comes_to_nothing(ada):
    make_program()
    bola, at = invited_by(ada), timezone.now()
    qualify(bola, at=at)
    with acting_as_service():
        Customer.objects.update(status="CLOSED")
    run(at + timedelta(seconds=1))
    assert (referral_of(bola).state, referral_of(bola).reason) == ("REFUSED", "ACCOUNT_CLOSED")
    assert (spent(), posted()) == (0, 0)


def test_staff_who_refuse_what_is_set_aside_free_its_money(ada):
    make_program()
    bola, at = invited_by(ada), timezone.now()
    qualify(bola, at=at)
    referrals.reserve(at=at)
    assert spent() == 150_000
    referrals.refuse(referral_id=referral_of(bola).pk, by=make_person(role="AGENT"), reason="a doubt", at=at)
    run(at + timedelta(seconds=1))
    assert (spent(), posted()) == (0, 0)


def test_one_card_for_both_is_refused(ada):
    make_program()
    bola = invited_by(ada)
    for person in (ada, bola):
        deposit(person, amount=50_000)
    with acting_as_service():
        Payment.objects.update(card_index="c" * 64)
    deposit(bola)
    assert (referral_of(bola).state, referral_of(bola).reason) == ("REFUSED", "SAME_CARD")


def test_the_card_of_a_payment_is_known_by_a_hash_alone(ada):
    payment = deposit(ada)
    assert len(payment.card_index) == 64
    assert "SIG" not in payment.card_index


# Told.


def test_who_wants_no_notices_of_invitations_finds_none_in_the_centre(ada):
    make_program()
    bola = invited_by(ada)
    preferences.choose(user=bola, choices={("REFERRALS", "IN_APP"): False})
    qualify(bola)
    run()
    wallet.announce()
    take_all()
    with acting_as_service():
        found = {n.user_id: n for n in Notification.objects.filter(event="referral.paid")}
    assert (found[ada.pk].muted, found[bola.pk].muted) == (False, True)
    assert (found[ada.pk].data["amount"], found[bola.pk].data["amount"]) == (100_000, 50_000)
    assert [str(notice_words.said(found[ada.pk]).title)] == ["A bonus arrived in your account"]


# Taken back.


def paid(ada: User) -> tuple[User, Payment]:
    make_program()
    bola = invited_by(ada)
    payment = deposit(bola)
    run()
    return bola, payment


def reverse(payment: Payment) -> None:
    with acting_as_service():
        wallet.reverse(posting_id=posting_id(), reverses=payment.posting_id)


def test_a_deposit_that_is_reversed_takes_the_bonuses_with_it_once(ada):
    bola, payment = paid(ada)
    reverse(payment)
    assert (balance(ada), balance(bola), expense()) == (0, 0, 0)
    assert (referral_of(bola).state, referral_of(bola).reason) == ("CLAWED_BACK", "MONEY_REVERSED")
    assert {row[3] for row in bonuses()} == {"CLAWED_BACK"}
    referral_bonuses.posting_reversed(reference=payment.posting_id, at=timezone.now())
    referral_tasks.settle_referrals()
    assert (balance(ada), balance(bola)) == (0, 0)
    assert told(ada)[-1] == told(bola)[-1] == "referral.taken_back"


def test_what_is_not_there_is_owed_and_taken_when_it_comes(ada):
    bola, payment = paid(ada)
    with acting_as_service():
        account = Account.objects.get(owner=ada)
        line = wallet.Line("SPENT", account.pk, wallet.system_account("EQUITY"), 60_000)
        wallet.post(posting_id=posting_id(), lines=[line])
    reverse(payment)
    assert (balance(ada), balance(bola)) == (40_000, 0)
    assert [row[3] for row in bonuses()] == ["CLAWED_BACK", "CLAWBACK_DUE"]
    referral_tasks.settle_referrals()
    assert balance(ada) == 40_000
    make_wallet(ada, amount=70_000)
    referral_tasks.settle_referrals()
    referral_tasks.settle_referrals()
    assert (balance(ada), bonuses()[1][3]) == (10_000, "CLAWED_BACK")


def test_money_that_is_taken_back_before_the_bonuses_are_paid_leaves_nothing_to_pay(ada):
    make_program()
    bola = invited_by(ada)
    payment = deposit(bola)
    referrals.reserve(at=timezone.now())
    reverse(payment)
    run()
    assert (referral_of(bola).state, spent(), posted()) == ("REFUSED", 0, 0)


def test_after_the_window_a_reversal_takes_nothing(ada):
    bola, payment = paid(ada)
    later = timezone.now() + 31 * DAY
    assert referrals.claw_back(reference=payment.posting_id, at=later) == []
    assert referral_of(bola).state == "PAID"


def test_a_reversal_that_nobody_told_of_is_found_at_night(ada):
    bola, payment = paid(ada)
    with acting_as_service():
        posting.reverse(posting_id=posting_id(), reverses=payment.posting_id)
    assert referral_of(bola).state == "PAID"
    referral_tasks.settle_referrals()
    assert referral_of(bola).state == "CLAWED_BACK"
    assert (balance(ada), expense()) == (0, 0)


def test_one_side_that_was_paid_is_taken_back_and_the_other_never_paid(ada):
    make_program()
    bola = invited_by(ada)
    payment = deposit(bola)
    deposits.freeze(make_wallet(ada))
    run()
    assert (balance(ada), balance(bola)) == (0, 150_000)
    reverse(payment)
    assert [row[3] for row in bonuses()] == ["CLAWED_BACK", "REFUSED"]
    with acting_as_service():
        assert Referral.objects.get().state == "CLAWED_BACK"
    assert spent() == 50_000
