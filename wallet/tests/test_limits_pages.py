"""What a customer is told of limits, what becomes of a transfer that one stopped, and of money that was kept aside."""

from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, Notification, User
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services, tasks
from wallet.models import Account, LimitRaise, PausedTransfer
from wallet.refusals import AccountHeld
from wallet.services import raises
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import balances, make_rule, post_one_line, root, system, trust_new_factors, wallets
from wallet.tests.pages import browser_of, hidden, text
from wallet.tests.schedules import DUTY

pytestmark = pytest.mark.django_db(transaction=True)
DAILY = 50_000_00


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def bola() -> User:
    user = make_person(name="Bola Ade", email="bola@alajo.test")
    make_wallet(user, tier=3)
    return user


@pytest.fixture
def purse(ada) -> Account:
    return make_wallet(ada, amount=200_000_00)


@pytest.fixture
def browser(ada, purse) -> Client:
    found = browser_of(ada)
    prove_factor(ada)
    trust_new_factors()
    return found


def ask_to_send(browser: Client, amount: str):
    return browser.post("/send/", {"recipient": "bola@alajo.test", "amount": amount, "note": "Rent"})


def raise_tier(ada: User, tier: int = 2) -> None:
    with acting_as_service():
        Customer.objects.filter(user=ada).update(tier=tier)


def spend(purse: Account, amount: int) -> None:
    post_one_line(purse.pk, wallets(0)[0], amount)


def kept(ada: User) -> PausedTransfer:
    with acting_as(ada):
        return PausedTransfer.objects.visible_to(ada).get()


def told(user: User, event: str) -> list[dict]:
    with acting_as_service():
        notices = Notification.objects.filter(user=user, event=event).order_by("created_at")
        return [notice.data for notice in notices]


def follow() -> None:
    while services.follow_raises():
        pass


def test_the_page_tells_the_tier_what_is_used_what_is_left_and_what_the_next_one_gives(browser, purse):
    spend(purse, 20_000_00)
    page = text(browser.get("/limits/"))
    assert "You are in tier 1" in page
    assert "at most ₦50,000.00" in page and "₦20,000.00 used, ₦30,000.00 left" in page
    assert "resets at midnight, in " in page
    assert "Receiving in a day No limit" in page
    assert "What tier 2 gives you" in page and "₦200,000.00" in page and "₦500,000.00" in page
    assert "BVN (still needed)" in page
    assert "4 %" not in page and 'value="40"' in browser.get("/limits/").content.decode()


def test_in_the_highest_tier_there_is_nothing_above(browser, ada):
    raise_tier(ada, 3)
    page = text(browser.get("/limits/"))
    assert "You are in tier 3" in page and "This is the highest tier" in page and "What tier" not in page


def test_before_anything_is_asked_the_send_page_says_what_is_left(browser, purse):
    spend(purse, 45_000_00)
    assert "You can still send ₦5,000.00 today." in text(browser.get("/send/"))


def test_a_transfer_over_the_limit_is_stopped_by_name_before_its_review(browser, purse, bola):
    spend(purse, 45_000_00)
    page = ask_to_send(browser, "5,000.01")
    assert page.status_code == 422
    said = text(page)
    assert "The limit for sending in a day stopped it" in said and "Nothing was sent." in said
    assert "Limit of tier 1 ₦50,000.00 Used today ₦45,000.00 You can still send ₦5,000.00" in said
    assert "at midnight, in " in said and "tell you when it fits" in said
    assert "Check and send" in text(ask_to_send(browser, "5,000"))


def test_one_that_the_limit_overtook_is_stopped_at_its_confirmation_and_kept_once(browser, ada, purse, bola):
    reviewed = ask_to_send(browser, "40,000")
    spend(purse, 20_000_00)
    for _twice in range(2):
        stopped = browser.post("/send/confirm/", {"order": hidden(reviewed, "order")})
        assert stopped.status_code == 422
        assert "You can still send ₦30,000.00" in text(stopped)
    paused = kept(ada)
    assert (paused.amount, paused.note, paused.code) == (40_000_00, "Rent", "daily_sending_limit_exceeded")
    assert balances(purse.pk) == [180_000_00]


def test_a_single_amount_is_told_as_such(browser, purse, bola):
    make_rule(1, daily_sending=DAILY, single_amount=10_000_00)
    page = ask_to_send(browser, "10,000.01")
    assert page.status_code == 422 and "The limit for one transfer stopped it" in text(page)


def test_after_an_upgrade_it_is_offered_and_sent_from_its_own_review_once(browser, ada, purse, bola):
    assert ask_to_send(browser, "120,000").status_code == 422
    paused = kept(ada)
    assert "Review and send" not in text(browser.get("/home/"))
    raise_tier(ada)
    follow()
    assert told(ada, "transfer.resumable") == [
        {"paused": str(paused.pk), "amount": 120_000_00, "currency": "NGN", "name": "Bola Ade"}
    ]
    assert "You can now send ₦120,000.00 to Bola Ade" in text(browser.get("/home/"))
    assert "Review and send" in text(browser.get("/limits/"))
    review = browser.get(f"/paused/{paused.pk}/")
    assert "Check and send" in text(review) and balances(purse.pk) == [200_000_00]
    for _twice in range(2):
        done = browser.post("/send/confirm/", {"order": hidden(review, "order")}, follow=True)
        assert "You sent ₦120,000.00 to Bola Ade." in text(done)
    assert balances(purse.pk) == [80_000_00 - DUTY]
    paused = kept(ada)
    assert paused.state == "SENT" and paused.posting_id and paused.ended_at
    assert "Transfers that wait" not in text(browser.get("/home/"))
    assert browser.get(f"/paused/{paused.pk}/").status_code == 302


def test_two_reviews_of_one_kept_transfer_send_it_once(browser, ada, purse, bola):
    ask_to_send(browser, "60,000")
    raise_tier(ada)
    reviews = [browser.get(f"/paused/{kept(ada).pk}/") for _ in range(2)]
    codes = [
        browser.post("/send/confirm/", {"order": hidden(review, "order")}).status_code for review in reviews
    ]
    assert codes == [302, 422] and balances(purse.pk) == [140_000_00 - DUTY]


def test_while_it_is_still_over_the_limit_it_is_stopped_again(browser, ada, purse, bola):
    ask_to_send(browser, "120,000")
    again = browser.get(f"/paused/{kept(ada).pk}/")
    assert again.status_code == 422 and "tell you as soon as your tier is raised" in text(again)
    assert kept(ada).state == "WAITING"


def test_the_next_day_offers_what_fits_into_it_and_nothing_else(browser, ada, purse, bola, monkeypatch):
    # What never fits stands first, and keeps nothing behind it waiting.
    monkeypatch.setattr("wallet.services.paused.AT_ONCE", 1)
    spend(purse, 40_000_00)
    ask_to_send(browser, "60,000")
    ask_to_send(browser, "20,000")
    tasks.offer_paused_transfers()
    assert told(ada, "transfer.resumable") == []
    with root() as database:
        database.execute("update wallet_account set counted_until = now() where id = %s", [purse.pk])
    for _twice in range(2):
        tasks.offer_paused_transfers()
    assert [data["amount"] for data in told(ada, "transfer.resumable")] == [20_000_00]


def test_a_kept_transfer_is_given_up_by_its_owner_or_by_time(browser, ada, purse, bola):
    ask_to_send(browser, "60,000")
    paused = kept(ada)
    done = browser.post(f"/paused/{paused.pk}/dismiss/", follow=True)
    assert "The transfer is not kept any more. Nothing was sent." in text(done)
    assert kept(ada).state == "DISMISSED"
    assert "no longer waiting" in text(browser.post(f"/paused/{paused.pk}/dismiss/", follow=True))
    ask_to_send(browser, "70,000")
    with root() as database:
        database.execute("update wallet_pausedtransfer set created_at = now() - interval '30 days 1 second'")
    tasks.offer_paused_transfers()
    with acting_as(ada):
        states = PausedTransfer.objects.order_by("pk").values_list("state", flat=True)
        assert list(states) == ["DISMISSED", "EXPIRED"]


def test_another_sees_and_touches_no_kept_transfer(browser, ada, bola, purse):
    ask_to_send(browser, "60,000")
    paused = kept(ada)
    other = browser_of(bola)
    assert other.get(f"/paused/{paused.pk}/").status_code == 404
    assert other.post(f"/paused/{paused.pk}/dismiss/").status_code == 404
    with acting_as(bola):
        assert not PausedTransfer.objects.exists()
        assert PausedTransfer.objects.update(state="DISMISSED", ended_at=timezone.now()) == 0


# Money that was kept aside


def keep_aside(ada: User, amount: int) -> UUID:
    with acting_as_service():
        held = services.open_wallet(owner_id=ada.pk, kind=Account.Kind.HELD)
    post_one_line(system("PAYSTACK_CLEARING"), held, amount, kind="DEPOSIT")
    return held


def test_an_upgrade_releases_what_was_kept_as_much_as_fits_and_tells(ada, purse):
    held = keep_aside(ada, 400_000_00)
    follow()
    assert balances(held) == [400_000_00]
    raise_tier(ada)
    follow()
    assert balances(held, purse.pk) == [100_000_00, 500_000_00]
    raise_tier(ada, 3)
    follow()
    assert balances(held, purse.pk) == [0, 600_000_00]
    assert [data["amount"] for data in told(ada, "deposit.released")] == [300_000_00, 100_000_00]
    assert services.verify() == []


def test_a_raise_that_breaks_keeps_no_other_waiting_and_is_tried_again(ada, bola, purse, monkeypatch):
    keep_aside(ada, 10_000_00)
    deal_with = raises._deal_with

    def break_for_bola(owner_id: UUID) -> None:
        if owner_id == bola.pk:
            raise RuntimeError("a fault")
        deal_with(owner_id)

    monkeypatch.setattr(raises, "_deal_with", break_for_bola)
    raise_tier(bola)
    raise_tier(ada)
    follow()
    assert told(ada, "deposit.released")
    with acting_as_service():
        assert [left.owner_id for left in LimitRaise.objects.all()] == [bola.pk]
    monkeypatch.undo()
    follow()
    with acting_as_service():
        assert not LimitRaise.objects.exists()


def test_what_is_released_counts_towards_no_limit(ada, purse):
    keep_aside(ada, 400_000_00)
    make_rule(2, daily_receiving=1)
    raise_tier(ada)
    follow()
    assert balances(purse.pk) == [600_000_00]


def test_nothing_is_released_while_nothing_may_move_and_it_is_when_that_ends(ada, purse):
    held = keep_aside(ada, 50_000_00)
    with acting_as_service():
        Customer.objects.filter(user=ada).update(tier=2, status="LOCKED")
    follow()
    assert balances(held) == [50_000_00]
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="ACTIVE")
    follow()
    assert balances(held, purse.pk) == [0, 250_000_00]


def test_what_is_kept_is_sent_nowhere_by_its_owner(ada, purse, bola):
    held = keep_aside(ada, 1_000)
    with acting_as(ada):
        source = Account.objects.get(pk=held)
        with pytest.raises(AccountHeld):
            services.transfer(
                posting_id=posting_id(), source=source, recipient_id=bola.pk, amount=1, at=timezone.now()
            )
        with pytest.raises(AccountHeld):
            services.place_hold(
                hold_id=posting_id(), account_id=held, amount=1, expires_at=None, reason="mine"
            )
