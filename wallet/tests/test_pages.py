"""Every page of the customer, empty, full and for strangers; and home."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Notification, User
from accounts.models.people import Role
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from wallet import services as wallet
from wallet.models import Account, Payment
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, notice_of_transfer, payment_of, send_directly, text

PAGES = ["/home/", "/more/", "/activity/", "/send/", "/add-money/", "/notices/"]


# Every page


@pytest.mark.parametrize("address", PAGES)
def test_every_page_asks_a_stranger_to_sign_in_and_to_come_back(
    client: Client, db: None, address: str
) -> None:
    response = client.get(address)
    assert response.status_code == 302
    assert parse_qs(urlsplit(response.url).query)["next"] == [address]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_stands_for_a_customer_who_has_nothing(as_ada: Client, address: str) -> None:
    response = as_ada.get(address)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert " style=" not in response.content.decode()


@pytest.mark.parametrize("address", PAGES)
def test_every_page_stands_for_one_who_has_much(as_ada: Client, ada: User, bola: User, address: str) -> None:
    account = make_wallet(ada, amount=500_000)
    send_directly(account, bola, 12_345, "Lunch")
    payment_of(account)
    payment_of(account, Payment.State.HELD)
    with acting_as_service():
        wallet.place_hold(
            hold_id=uuid7(), account_id=account.pk, amount=5_000, expires_at=None, reason="Order 12"
        )
    response = as_ada.get(address)
    assert response.status_code == 200


@pytest.mark.parametrize("address", ["/more/", "/activity/", "/send/", "/add-money/"])
def test_staff_are_led_to_the_staff_area_instead_of_a_wallet(db: None, address: str) -> None:
    with acting_as_service():
        agent = User.objects.create(email="agent@alajo.test", role=Role.AGENT)
    browser = browser_of(agent)
    assert browser.get(address).url == "/home/"
    assert 'href="/staff/"' in browser.get("/home/").content.decode()
    with acting_as_service():
        assert not Account.objects.filter(owner=agent).exists()


@pytest.mark.parametrize(
    "address", ["/home/?seen=%00", "/activity/?q=%00", "/add-money/return/?reference=%00"]
)
def test_a_nul_byte_in_an_address_is_a_bad_request(ada: User, address: str) -> None:
    assert browser_of(ada).get(address).status_code == 400


@pytest.mark.parametrize("address", ["/send/", "/send/confirm/", "/add-money/"])
def test_a_nul_byte_in_a_form_is_a_bad_request(as_ada: Client, address: str) -> None:
    assert as_ada.post(address, {"recipient": "a\x00", "order": "\x00", "key": "\x00"}).status_code == 400


def test_everything_that_is_listed_is_there(as_ada: Client) -> None:
    main = as_ada.get("/more/").content.decode().partition("<main")[2].partition("</main>")[0]
    addresses = set(re.findall(r'href="(/[^"]+)"', main))
    assert len(addresses) == 22
    assert {address for address in addresses if as_ada.get(address, follow=True).status_code != 200} == set()


# Home


def test_home_opens_the_wallet_of_a_new_customer_once_and_invites(as_ada: Client, ada: User) -> None:
    as_ada.get("/home/")
    response = as_ada.get("/home/")
    assert "Start with your first deposit" in text(response)
    with acting_as_service():
        assert Account.objects.filter(owner=ada).count() == 1


def test_home_tells_what_is_available_in_total_and_held_and_why(as_ada: Client, ada: User) -> None:
    account = make_wallet(ada, amount=100_000)
    with acting_as_service():
        wallet.place_hold(
            hold_id=uuid7(), account_id=account.pk, amount=30_000, expires_at=None, reason="Shop order 7"
        )
        kept = wallet.open_wallet(owner_id=ada.pk, kind=Account.Kind.HELD)
        clearing = wallet.system_account("PAYSTACK_CLEARING")
        wallet.post(posting_id=posting_id(), lines=[wallet.Line("DEPOSIT", clearing, kept, 55_500)])
    words = text(as_ada.get("/home/"))
    assert re.search(r"Available ₦700\.00 In total ₦1,555\.00 On hold ₦300\.00", words)
    assert "Shop order 7 ₦300.00" in words
    assert "Your tier may hold ₦300,000.00" in words


def test_home_shows_the_latest_five_movements_and_the_names_behind_them(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=100_000)
    for number in range(6):
        send_directly(account, bola, 100 + number, f"Note {number}")
    words = text(as_ada.get("/home/"))
    assert words.count("Bola Adé Note") == 5
    assert "Note 0" not in words


def test_unread_notices_stand_on_home_until_they_are_marked_as_read(as_ada: Client, ada: User) -> None:
    notice_of_transfer(ada, "transfer.received", "Bola Adé", note="Fuel")
    assert "Bola Adé sent you money" in text(as_ada.get("/home/"))
    assert as_ada.post("/notices/read/", {"back": "home"}).url == "/home/"
    assert "sent you money" not in text(as_ada.get("/home/"))
    assert "Bola Adé sent you money" in text(as_ada.get("/notices/"))


def test_marking_as_read_leaves_other_peoples_notices_unread(as_ada: Client, ada: User, bola: User) -> None:
    notice_of_transfer(ada, "transfer.sent", "Bola Adé")
    notice_of_transfer(bola, "transfer.received", "Ada Obi")
    as_ada.post("/notices/read/")
    with acting_as_service():
        assert list(Notification.objects.filter(read_at=None).values_list("user_id", flat=True)) == [bola.pk]


def test_a_notice_of_an_unknown_kind_still_gets_a_line(as_ada: Client, ada: User) -> None:
    with acting_as_service():
        Notification.objects.create(user=ada, event="something.new", data={})
    assert "There is news about your account" in text(as_ada.get("/notices/"))


def test_home_asks_for_its_balance_when_told_and_by_itself_while_a_payment_is_open(
    as_ada: Client, ada: User
) -> None:
    account = make_wallet(ada)
    assert 'hx-trigger="live from:body"' in as_ada.get("/home/").content.decode()
    open_one = payment_of(account)
    html = as_ada.get("/home/").content.decode()
    seen = re.search(r'hx-get="/home/summary/\?seen=(\w+)" hx-trigger="live from:body, every 2s"', html)
    assert seen
    assert as_ada.get(f"/home/summary/?seen={seen[1]}").status_code == 204
    with acting_as_service():
        Payment.objects.filter(pk=open_one.pk).update(state=Payment.State.SUCCEEDED)
    changed = as_ada.get(f"/home/summary/?seen={seen[1]}")
    assert changed.status_code == 200
    assert 'hx-trigger="live from:body"' in changed.content.decode()


def test_a_payment_left_lying_is_asked_about_less_often(as_ada: Client, ada: User) -> None:
    payment = payment_of(make_wallet(ada))
    with acting_as_service():
        Payment.objects.filter(pk=payment.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert ', every 30s"' in as_ada.get("/home/").content.decode()
