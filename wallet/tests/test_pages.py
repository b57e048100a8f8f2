"""The customer's pages: empty, full and in error; once is once; nobody sees another's."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Notification, User
from accounts.models.people import Role
from accounts.tests.factories import make_person, sign_in
from core.actors import acting_as, acting_as_service
from core.ids import posting_id, uuid7
from wallet import services as wallet
from wallet.models import Account, Entry, Payment, Transaction
from wallet.services import lookups
from wallet.tests import deposits as story
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.views import activity

PAGES = ["/home/", "/activity/", "/send/", "/add-money/", "/notices/"]


@pytest.fixture
def ada(db: None) -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def bola(db: None) -> User:
    return make_person(name="Bola Adé")


@pytest.fixture
def as_ada(ada: User) -> Client:
    """Ada's browser."""
    return browser_of(ada)


def browser_of(user: User) -> Client:
    client = Client(raise_request_exception=True)
    sign_in(client, user)
    return client


def text(response: Any) -> str:
    """The page's words, without its tags."""
    bare = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", bare).replace("&#x27;", "'")


def hidden(response: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', response.content.decode())
    assert found, f"no {name} in the page"
    return found[1]


def handle_of(user: User) -> str:
    with acting_as_service():
        return user.profile.handle


def balance(account: Account) -> int:
    with acting_as_service():
        return wallet.balance_of(account.pk)


def send_directly(source: Account, recipient: User, amount: int, note: str = "") -> UUID:
    with acting_as_service():
        sender = User.objects.get(pk=source.owner_id)
    with acting_as(sender):
        return wallet.transfer(
            posting_id=posting_id(), source=source, recipient_id=recipient.pk, amount=amount, note=note
        ).id


def payment_of(account: Account, state: str = Payment.State.PENDING, **fields: Any) -> Payment:
    with acting_as_service():
        gateway = install_sandbox()
        return Payment.objects.create(
            account=account,
            gateway=gateway,
            reference=f"alj-{uuid4().hex[:12]}",
            amount=250_000,
            currency_id="NGN",
            state=state,
            expires_at=timezone.now() + timedelta(days=3),
            **fields,
        )


def notice_of_transfer(user: User, event: str, name: str, **facts: Any) -> None:
    data = {"transaction": str(posting_id()), "amount": 1_500, "currency": "NGN", "name": name, **facts}
    with acting_as_service():
        Notification.objects.create(user=user, event=event, data=data)


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


@pytest.mark.parametrize("address", ["/activity/", "/send/", "/add-money/"])
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


def test_home_asks_for_its_balance_only_while_a_payment_is_open(as_ada: Client, ada: User) -> None:
    account = make_wallet(ada)
    assert "hx-trigger" not in as_ada.get("/home/").content.decode()
    open_one = payment_of(account)
    html = as_ada.get("/home/").content.decode()
    seen = re.search(r'hx-get="/home/summary/\?seen=(\w+)" hx-trigger="every 2s"', html)
    assert seen
    assert as_ada.get(f"/home/summary/?seen={seen[1]}").status_code == 204
    with acting_as_service():
        Payment.objects.filter(pk=open_one.pk).update(state=Payment.State.SUCCEEDED)
    changed = as_ada.get(f"/home/summary/?seen={seen[1]}")
    assert changed.status_code == 200
    assert "hx-trigger" not in changed.content.decode()


def test_a_payment_left_lying_is_asked_about_less_often(as_ada: Client, ada: User) -> None:
    payment = payment_of(make_wallet(ada))
    with acting_as_service():
        Payment.objects.filter(pk=payment.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert 'hx-trigger="every 30s"' in as_ada.get("/home/").content.decode()


# Adding money


def test_a_deposit_goes_to_the_checkout_and_comes_back_as_balance(paystack: str, ada: User) -> None:
    browser = browser_of(ada)
    form = browser.get("/add-money/")
    sent = browser.post("/add-money/", {"amount": "2,500", "key": hidden(form, "key")})
    assert sent.status_code == 302
    assert sent.url.startswith(f"{paystack}/sandbox/paystack/checkout/")
    with acting_as_service():
        payment = Payment.objects.get()
    story.pay(payment)
    back = browser.get(f"/add-money/return/?trxref={payment.reference}&reference={payment.reference}")
    assert back.url == f"/payments/{payment.pk}/"
    assert "Money received" in text(browser.get(back.url))
    assert "Available ₦2,500.00" in text(browser.get("/home/"))


def test_coming_back_asks_the_gateway_when_no_webhook_came(paystack: str, ada: User) -> None:
    browser = browser_of(ada)
    browser.post("/add-money/", {"amount": "2500", "key": hidden(browser.get("/add-money/"), "key")})
    with acting_as_service():
        payment = Payment.objects.get()
    story.pay_unheard(payment)
    browser.get(f"/add-money/return/?reference={payment.reference}")
    assert story.now(payment).state == Payment.State.SUCCEEDED


def test_the_same_form_sent_twice_is_one_payment(paystack: str, ada: User) -> None:
    browser = browser_of(ada)
    fields = {"amount": "2500", "key": hidden(browser.get("/add-money/"), "key")}
    first, second = browser.post("/add-money/", fields), browser.post("/add-money/", fields)
    assert first.url == second.url
    with acting_as_service():
        assert Payment.objects.count() == 1


def test_the_same_form_after_it_was_paid_leads_to_the_payment(paystack: str, ada: User) -> None:
    browser = browser_of(ada)
    fields = {"amount": "2500", "key": hidden(browser.get("/add-money/"), "key")}
    browser.post("/add-money/", fields)
    with acting_as_service():
        payment = Payment.objects.get()
    story.pay(payment)
    assert browser.post("/add-money/", fields).url == f"/payments/{payment.pk}/"


def test_a_changed_amount_under_the_same_key_is_asked_about_and_then_another_payment(
    paystack: str, ada: User
) -> None:
    browser = browser_of(ada)
    key = hidden(browser.get("/add-money/"), "key")
    browser.post("/add-money/", {"amount": "2500", "key": key})
    changed = browser.post("/add-money/", {"amount": "3000", "key": key})
    assert changed.status_code == 422
    again = browser.post("/add-money/", {"amount": "3000", "key": hidden(changed, "key")})
    assert again.status_code == 302
    with acting_as_service():
        assert sorted(Payment.objects.values_list("amount", flat=True)) == [250_000, 300_000]


def test_a_gateway_that_does_not_answer_is_told_on_the_form_and_the_same_payment_goes_on(
    paystack: str, ada: User
) -> None:
    browser = browser_of(ada)
    key = hidden(browser.get("/add-money/"), "key")
    story.fault("BAD_GATEWAY_BEFORE", remaining=99)
    failed = browser.post("/add-money/", {"amount": "2500", "key": key})
    assert failed.status_code == 503
    assert "The payment service is not answering" in text(failed)
    assert 'value="2500"' in failed.content.decode()
    story.calls_answered_again()
    assert browser.post("/add-money/", {"amount": "2500", "key": hidden(failed, "key")}).status_code == 302
    with acting_as_service():
        assert Payment.objects.count() == 1


def test_without_a_gateway_the_form_says_that_adding_money_is_unavailable(as_ada: Client) -> None:
    response = as_ada.post("/add-money/", {"amount": "2500", "key": hidden(as_ada.get("/add-money/"), "key")})
    assert response.status_code == 503
    assert "not available at the moment" in text(response)


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("", "This field is required"),
        ("abc", "Enter an amount such as"),
        ("-5", "Enter an amount above zero"),
        ("0", "Enter an amount above zero"),
        ("10.005", "more decimals"),
        ("49.99", "The smallest amount you can add is ₦50"),
        ("10000000.01", "The largest amount you can add at once"),
        ("9" * 39, "too large"),
        ("9" * 400, "Enter an amount such as"),
        ("1e9", "Enter an amount such as"),
        ("٥٠٠٠", "Enter an amount such as"),
    ],
)
def test_an_amount_that_cannot_be_added_is_refused_on_the_form_with_what_was_typed(
    as_ada: Client, amount: str, says: str
) -> None:
    with acting_as_service():
        install_sandbox()
    key = hidden(as_ada.get("/add-money/"), "key")
    response = as_ada.post("/add-money/", {"amount": amount, "key": key})
    assert response.status_code == 422
    assert says in text(response)
    assert "data-error-summary" in response.content.decode()
    with acting_as_service():
        assert not Payment.objects.exists()


@pytest.mark.parametrize("forge", [lambda key: key[:-2] + "xx", lambda key: "x", lambda key: ""])
def test_a_key_that_we_did_not_sign_starts_nothing(as_ada: Client, forge: Callable[[str], str]) -> None:
    with acting_as_service():
        install_sandbox()
    key = forge(hidden(as_ada.get("/add-money/"), "key"))
    assert as_ada.post("/add-money/", {"amount": "2500", "key": key}).status_code == 422
    with acting_as_service():
        assert not Payment.objects.exists()


def test_a_key_signed_for_someone_else_starts_nothing(as_ada: Client, bola: User) -> None:
    with acting_as_service():
        install_sandbox()
    theirs = hidden(browser_of(bola).get("/add-money/"), "key")
    assert as_ada.post("/add-money/", {"amount": "2500", "key": theirs}).status_code == 422


def test_the_form_may_lead_to_the_gateways_page_and_nowhere_else(as_ada: Client) -> None:
    policy = as_ada.get("/add-money/")["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.paystack.com;" in policy + ";"
    assert "form-action 'self';" in as_ada.get("/send/")["Content-Security-Policy"] + ";"


# A payment


@pytest.mark.parametrize(
    ("state", "says", "never"),
    [
        ("INTENT", "Waiting for your payment", "declined"),
        ("PENDING", "Waiting for your payment", "declined"),
        ("SUCCEEDED", "Money received", "Waiting"),
        ("FAILED", "The payment was declined", "Waiting"),
        ("HELD", "Received, and kept for you", "Waiting"),
        ("REVIEW", "We are looking into this payment", "declined"),
        ("EXPIRED", "This payment has expired", "Waiting"),
    ],
)
def test_a_payment_says_one_thing_and_is_asked_again_only_while_open(
    as_ada: Client, ada: User, state: str, says: str, never: str
) -> None:
    payment = payment_of(make_wallet(ada), state)
    response = as_ada.get(f"/payments/{payment.pk}/")
    assert says in text(response)
    assert never not in text(response)
    assert ("hx-trigger" in response.content.decode()) == (state in ("INTENT", "PENDING"))


def test_a_declined_payment_offers_the_same_amount_again(as_ada: Client, ada: User) -> None:
    payment = payment_of(make_wallet(ada), Payment.State.FAILED)
    assert 'href="/add-money/?amount=2500"' in as_ada.get(f"/payments/{payment.pk}/").content.decode()
    assert 'value="2500"' in as_ada.get("/add-money/?amount=2500").content.decode()


def test_htmx_hears_of_a_payment_only_when_it_changed(as_ada: Client, ada: User) -> None:
    payment = payment_of(make_wallet(ada))
    htmx = {"HX-Request": "true"}
    assert as_ada.get(f"/payments/{payment.pk}/?seen=PENDING", headers=htmx).status_code == 204
    changed = as_ada.get(f"/payments/{payment.pk}/?seen=INTENT", headers=htmx)
    assert changed.content.decode().lstrip().startswith("<section")


def test_a_strangers_payment_does_not_exist(as_ada: Client, bola: User) -> None:
    theirs = payment_of(make_wallet(bola))
    assert as_ada.get(f"/payments/{theirs.pk}/").status_code == 404
    assert as_ada.get(f"/payments/{uuid4()}/").status_code == 404
    assert as_ada.get(f"/add-money/return/?reference={theirs.reference}").status_code == 404


@pytest.mark.parametrize("query", ["", "?reference=", "?reference=unknown", "?trxref=" + "9" * 5000])
def test_coming_back_with_no_payment_of_ones_own_is_not_found(as_ada: Client, query: str) -> None:
    assert as_ada.get(f"/add-money/return/{query}").status_code == 404


# Sending


def review(as_ada: Client, recipient: str, amount: str = "1,000.50", note: str = "For lunch") -> Any:
    return as_ada.post("/send/", {"recipient": recipient, "amount": amount, "note": note})


def test_what_was_reviewed_is_sent_to_the_last_kobo_and_both_see_it(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=500_000)
    checked = review(as_ada, f"@{handle_of(bola).upper()}")
    words = text(checked)
    assert checked.status_code == 200
    assert "To Bola Adé @" in words
    assert "They get ₦1,000.50 Fee Free Note For lunch You pay ₦1,000.50 Left afterwards ₦3,999.50" in words
    assert balance(account) == 500_000

    done = as_ada.post("/send/confirm/", {"order": hidden(checked, "order")}, follow=True)
    assert "You sent ₦1,000.50 to Bola Adé." in text(done)
    assert balance(account) == 500_000 - 100_050
    theirs = text(browser_of(bola).get("/activity/"))
    assert "Ada Obi For lunch" in theirs
    assert "Money in +₦1,000.50" in theirs


def test_confirming_twice_moves_money_once(as_ada: Client, ada: User, bola: User) -> None:
    account = make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email), "order")
    first = as_ada.post("/send/confirm/", {"order": order})
    second = as_ada.post("/send/confirm/", {"order": order})
    assert first.url == second.url
    assert balance(account) == 500_000 - 100_050


def test_a_first_recipient_is_warned_about_and_a_known_one_is_not(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=500_000)
    assert "You have not sent money to Bola Adé before" in text(review(as_ada, bola.email))
    send_directly(account, bola, 100)
    assert "You have not sent money" not in text(review(as_ada, bola.email))


def test_recent_recipients_are_offered_once_each_the_latest_first(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=500_000)
    chidi = make_person(name="Chidi Eze")
    for person in (bola, chidi, bola, chidi, bola):
        send_directly(account, person, 100)
    words = text(as_ada.get("/send/"))
    assert re.search(r"Bola Adé.*Chidi Eze", words)
    assert words.count("Bola Adé") == 1
    assert f'value="@{handle_of(bola)}"' in as_ada.get(f"/send/?to=@{handle_of(bola)}").content.decode()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"recipient": "nobody_here"}, "We found nobody with that e-mail or handle"),
        ({"recipient": ""}, "This field is required"),
        ({"recipient": "x" * 5000}, "at most 254 characters"),
        ({"amount": "5,000.01"}, "You have ₦5,000.00 available"),
        ({"amount": "92233720368547758.07"}, "You have ₦5,000.00 available"),
        ({"amount": "92233720368547758.08"}, "This amount is too large"),
        ({"amount": "0"}, "Enter an amount above zero"),
        ({"amount": "1.001"}, "more decimals"),
        ({"note": "n" * 141}, "at most 140 characters"),
    ],
)
def test_a_refusal_names_its_reason_and_keeps_what_was_typed(
    as_ada: Client, ada: User, bola: User, changes: dict[str, str], says: str
) -> None:
    make_wallet(ada, amount=500_000)
    typed = {"recipient": bola.email, "amount": "10", "note": "Kept as it was", **changes}
    response = as_ada.post("/send/", typed)
    assert response.status_code == 422
    assert says in text(response)
    assert "data-error-summary" in response.content.decode()
    if "note" not in changes:
        assert 'value="Kept as it was"' in response.content.decode()


def test_nobody_sends_money_to_oneself(as_ada: Client, ada: User) -> None:
    make_wallet(ada, amount=500_000)
    response = review(as_ada, ada.email)
    assert response.status_code == 422
    assert "You cannot send money to yourself" in text(response)


def test_money_spent_since_the_review_is_refused_with_what_is_left(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email, "4000"), "order")
    send_directly(account, bola, 450_000)
    response = as_ada.post("/send/confirm/", {"order": order})
    assert response.status_code == 422
    assert "You have ₦500.00 available" in text(response)
    assert f'value="{bola.email}"' in response.content.decode()
    assert balance(account) == 50_000


def test_a_recipient_who_cannot_take_so_much_is_told_of_without_their_balance(
    as_ada: Client, ada: User, bola: User
) -> None:
    with acting_as_service():
        account = make_wallet(ada, amount=20_000_000)
        make_wallet(bola, amount=29_000_000)
    response = as_ada.post("/send/confirm/", {"order": hidden(review(as_ada, bola.email, "100000"), "order")})
    assert response.status_code == 422
    assert "The receiving account cannot hold this much" in text(response)
    assert "290,000" not in text(response)
    assert balance(account) == 20_000_000


@pytest.mark.parametrize("order", ["", "x", "e30:1rTtuX:forged", "\ud7ff"])
def test_an_order_that_we_did_not_sign_moves_nothing(as_ada: Client, ada: User, order: str) -> None:
    account = make_wallet(ada, amount=500_000)
    response = as_ada.post("/send/confirm/", {"order": order}, follow=True)
    assert response.redirect_chain == [("/send/", 302)]
    assert "no longer valid, so nothing was sent just now" in text(response)
    assert balance(account) == 500_000


def test_a_tampered_order_moves_nothing(as_ada: Client, ada: User, bola: User) -> None:
    account = make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email), "order")
    body, rest = order.split(":", 1)
    forged = signing.dumps({"posting": str(posting_id()), "amount": 500_000}).split(":", 1)[0]
    for text_of_order in (f"{forged}:{rest}", f"{body}:{rest}x", body):
        assert as_ada.post("/send/confirm/", {"order": text_of_order}).url == "/send/"
    assert balance(account) == 500_000


def test_an_order_signed_for_someone_else_moves_nothing(as_ada: Client, ada: User, bola: User) -> None:
    theirs = make_wallet(bola, amount=500_000)
    make_wallet(ada, amount=500_000)
    order = hidden(review(browser_of(bola), ada.email), "order")
    assert as_ada.post("/send/confirm/", {"order": order}).url == "/send/"
    assert balance(theirs) == 500_000


def test_an_old_review_is_not_confirmed(as_ada: Client, ada: User, bola: User) -> None:
    account = make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email), "order")
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert as_ada.post("/send/confirm/", {"order": order}).url == "/send/"
    assert balance(account) == 500_000


@pytest.mark.parametrize(
    ("address", "leads_to"), [("/send/confirm/", "/send/"), ("/notices/read/", "/notices/")]
)
def test_coming_back_to_a_form_after_signing_in_again_leads_to_its_page(
    as_ada: Client, address: str, leads_to: str
) -> None:
    assert as_ada.get(address).url == leads_to


def test_changing_something_brings_back_what_was_typed(as_ada: Client, ada: User, bola: User) -> None:
    make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email), "order")
    html = as_ada.post("/send/", {"order": order, "change": "1"}).content.decode()
    for value in (bola.email, "1000.50", "For lunch"):
        assert f'value="{value}"' in html


def test_looking_people_up_again_and_again_is_stopped_with_when_to_return(
    as_ada: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wallet(ada)
    monkeypatch.setattr(lookups, "LOOKUPS", 3)
    statuses = [review(as_ada, f"guess_{number}").status_code for number in range(3)]
    stopped = review(as_ada, "guess_4")
    assert statuses == [422, 422, 422]
    assert stopped.status_code == 429
    assert 0 < int(stopped["Retry-After"]) <= lookups.WINDOW
    assert "You can try again in" in text(stopped)
    assert as_ada.get("/send/").status_code == 200


# Activity


def fill(account: Account, bola: User, count: int) -> None:
    for number in range(count):
        send_directly(account, bola, 100 + number, f"Note {number:03}")


def notes(response: Any) -> list[str]:
    return re.findall(r"Note \d{3}", text(response))


def test_activity_without_movements_has_one_next_step(as_ada: Client) -> None:
    assert "No movements yet" in text(as_ada.get("/activity/"))


def test_pages_follow_each_other_without_gap_or_repeat_while_money_moves(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=1_000_000)
    fill(account, bola, activity.PAGE * 2 + 3)
    seen, address = [], "/activity/"
    while address:
        response = as_ada.get(address)
        seen += notes(response)
        older = re.search(r'href="(\?[^"]*before=\d+)"', response.content.decode())
        address = f"/activity/{older[1]}" if older else ""
        send_directly(account, bola, 5, "arrived meanwhile")
    assert seen == [f"Note {number:03}" for number in reversed(range(activity.PAGE * 2 + 3))]


def test_the_way_back_to_newer_pages_leads_to_the_same_rows(as_ada: Client, ada: User, bola: User) -> None:
    fill(make_wallet(ada, amount=1_000_000), bola, activity.PAGE * 2 + 3)
    first = as_ada.get("/activity/")
    second = as_ada.get("/activity/" + re.search(r'href="(\?before=\d+)"', first.content.decode())[1])
    third = as_ada.get("/activity/" + re.search(r'href="(\?before=\d+)"', second.content.decode())[1])
    back = as_ada.get("/activity/" + re.search(r'href="(\?after=\d+)"', third.content.decode())[1])
    assert notes(back) == notes(second)
    home = as_ada.get("/activity/" + re.search(r'href="(\?after=\d+)"', back.content.decode())[1])
    assert notes(home) == notes(first)


def test_each_row_carries_the_balance_after_it_and_each_day_its_last(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=10_000)
    send_directly(account, bola, 2_500, "One")
    send_directly(account, bola, 500, "Two")
    words = text(as_ada.get("/activity/"))
    assert "Today Balance after: ₦70.00" in words
    assert re.search(r"Two · \d\d:\d\d Money out −₦5\.00 Balance after: ₦70\.00", words)
    assert re.search(r"One · \d\d:\d\d Money out −₦25\.00 Balance after: ₦75\.00", words)


def test_days_are_those_of_lagos() -> None:
    row = activity.rows_of([])
    assert row == []
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert timezone.localdate(late).isoformat() == "2026-04-01"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=bola", {"Rent", "Back"}),
        ("q=RENT", {"Rent"}),
        ("q=added", {"Money added"}),
        ("q=100%25", set()),
        ("q=%5C", set()),
        ("direction=in", {"Back", "Money added"}),
        ("direction=out", {"Rent", "Fabric"}),
        ("kind=TRANSFER", {"Rent", "Fabric", "Back"}),
        ("smallest=30&largest=50", {"Fabric"}),
        ("smallest=60", {"Rent", "Money added"}),
        ("since=2020-01-01&until=2020-12-31", set()),
        ("since=2020-01-01", {"Rent", "Fabric", "Back", "Money added"}),
        ("q=bola&direction=out&smallest=1", {"Rent"}),
    ],
)
def test_filters_stand_in_the_address_and_narrow_the_feed(
    as_ada: Client, ada: User, bola: User, query: str, expected: set[str]
) -> None:
    account = make_wallet(ada, amount=100_000)
    chidi = make_person(name="Chidi Eze")
    send_directly(account, bola, 7_000, "Rent")
    send_directly(account, chidi, 4_000, "Fabric")
    with acting_as_service():
        back = Account.objects.get(owner=bola)
    send_directly(back, ada, 1_000, "Back")
    feed = as_ada.get(f"/activity/?{query}")
    rows = re.findall(r'<li class="row">(.*?)</li>', feed.content.decode(), re.DOTALL)
    assert feed.status_code == 200
    found = {word for word in ("Rent", "Fabric", "Back", "Money added") if any(word in row for row in rows)}
    assert found == expected
    if not expected:
        assert "Clear the filters" in text(feed)


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=0001-01-01",
        "until=9999-12-31",
        "smallest=abc",
        "smallest=9&largest=1",
        "since=2026-02-02&until=2026-01-01",
        "kind=NONSENSE",
        "direction=sideways",
        "before=99999999999999999999999",
        "before=x",
        "q=" + "x" * 101,
    ],
)
def test_a_filter_that_makes_no_sense_is_said_and_never_an_error_page(
    as_ada: Client, ada: User, query: str
) -> None:
    make_wallet(ada, amount=100)
    assert as_ada.get(f"/activity/?{query}").status_code == 422


def test_open_payments_stand_above_what_is_settled(as_ada: Client, ada: User) -> None:
    account = make_wallet(ada, amount=100)
    payment_of(account)
    words = text(as_ada.get("/activity/"))
    assert re.search(r"Not settled yet Adding money Waiting .* Today", words)
    assert "Not settled yet" not in text(as_ada.get("/activity/?direction=in"))


def test_a_search_never_finds_people_one_had_nothing_to_do_with(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=10_000)
    make_wallet(make_person(name="Bolanle Stranger"), amount=100)
    send_directly(account, bola, 100)
    with acting_as(ada):
        found = wallet.counterparties_named(account=account, text="bola")
    with acting_as_service():
        assert found == [Account.objects.get(owner=bola).pk]


@pytest.mark.parametrize("address", ["/home/", "/activity/", "/send/", "/notices/"])
def test_a_page_asks_no_more_questions_for_more_people(
    as_ada: Client, ada: User, bola: User, address: str
) -> None:
    account = make_wallet(ada, amount=100_000)
    send_directly(account, bola, 100, "first")
    with CaptureQueriesContext(
        connection,
    ) as few:
        as_ada.get(address)
    for number in range(12):
        send_directly(account, make_person(name=f"Person {number}"), 100)
    with CaptureQueriesContext(connection) as many:
        as_ada.get(address)
    assert len(many) <= len(few)
    assert len(many) <= 30


@pytest.mark.parametrize("address", ["/home/", "/activity/?q=bola", "/send/", "/transactions/{sent}/"])
def test_no_page_reads_the_whole_ledger(as_ada: Client, ada: User, bola: User, address: str) -> None:
    account = make_wallet(ada, amount=100_000)
    sent = send_directly(account, bola, 100)
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        with CaptureQueriesContext(connection) as asked:
            as_ada.get(address.format(sent=sent))
        histories = [query["sql"] for query in asked if re.search("wallet_(entry|transaction)", query["sql"])]
        assert histories
        with acting_as_service():
            for sql in histories:
                cursor.execute("explain " + sql)
                plan = "\n".join(line for (line,) in cursor.fetchall())
                assert "Seq Scan on wallet_transaction" not in plan, f"{sql}\n{plan}"


def test_a_look_up_of_a_known_recipient_reads_only_the_senders_history(ada: User, bola: User) -> None:
    account = make_wallet(ada, amount=100_000)
    send_directly(account, bola, 100)
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        with CaptureQueriesContext(connection) as asked, acting_as(ada):
            assert wallet.has_sent_to(account=account, recipient_id=bola.pk)
        with acting_as_service():
            cursor.execute("explain " + next(q["sql"] for q in asked if "wallet_transaction" in q["sql"]))
        assert "Seq Scan on wallet_transaction" not in str(cursor.fetchall())


# One movement


def test_a_transfer_tells_both_parties_the_fee_the_time_and_its_reference(
    as_ada: Client, ada: User, bola: User
) -> None:
    sent = send_directly(make_wallet(ada, amount=10_000), bola, 2_500, "For <b>lunch</b>")
    response = as_ada.get(f"/transactions/{sent}/")
    words = text(response)
    assert f"From Ada Obi (you) @{handle_of(ada)} To Bola Adé @{handle_of(bola)}" in words
    assert "Amount ₦25.00 Fee Free Note For &lt;b&gt;lunch&lt;/b&gt;" in words
    assert str(sent) in words
    assert re.search(r'<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+01:00">', response.content.decode())


def test_the_other_side_sees_its_own_balance_and_not_the_senders(ada: User, bola: User) -> None:
    sent = send_directly(make_wallet(ada, amount=777_700), bola, 2_500)
    words = text(browser_of(bola).get(f"/transactions/{sent}/"))
    assert "Balance after ₦25.00" in words
    assert "7,752" not in words


def test_a_reversal_and_what_it_reverses_lead_to_each_other(as_ada: Client, ada: User, bola: User) -> None:
    sent = send_directly(make_wallet(ada, amount=10_000), bola, 2_500)
    with acting_as_service():
        back = wallet.reverse(posting_id=posting_id(), reverses=sent).id
    assert f'href="/transactions/{back}/"' in as_ada.get(f"/transactions/{sent}/").content.decode()
    assert f'href="/transactions/{sent}/"' in as_ada.get(f"/transactions/{back}/").content.decode()


def test_movements_of_one_posting_are_listed_together_and_only_ones_own(
    as_ada: Client, ada: User, bola: User
) -> None:
    mine, theirs = make_wallet(ada), make_wallet(bola)
    with acting_as_service():
        clearing = wallet.system_account("PAYSTACK_CLEARING")
        lines = [wallet.Line("DEPOSIT", clearing, account.pk, 100) for account in (mine, mine, theirs)]
        posting = wallet.post(posting_id=posting_id(), lines=lines)
    first, second, third = (posted.id for posted in posting.transactions)
    html = as_ada.get(f"/transactions/{first}/").content.decode()
    assert f"/transactions/{second}/" in html
    assert f"/transactions/{third}/" not in html


def test_a_strangers_transaction_does_not_exist(as_ada: Client, bola: User) -> None:
    make_wallet(bola, amount=100)
    with acting_as_service():
        theirs = Transaction.objects.get()
        assert Entry.objects.count() == 2
    assert as_ada.get(f"/transactions/{theirs.pk}/").status_code == 404
    assert as_ada.get(f"/transactions/{uuid4()}/").status_code == 404
    assert as_ada.get("/transactions/not-an-id/").status_code == 404
