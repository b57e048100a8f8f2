"""The pages where a merchant is paid: a customer behind a second factor, a stranger by card, and nobody's guesses."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from accounts.tests.factories import prove_factor
from core.actors import acting_as_service
from wallet.models import MerchantPayment
from wallet.services.merchants import applying, links
from wallet.tests import deposits as story
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, hidden, text
from wallet.tests.selling import buy, has, make_link, make_merchant
from wallet.views import paying

SCRIPT = "<script>alert(1)</script>"


def latest() -> MerchantPayment:
    with acting_as_service():
        return MerchantPayment.objects.select_related("payment").latest("pk")


def by_card(browser: Client, slug: str, **typed: Any) -> Any:
    page = browser.get(f"/pay/{slug}/")
    form = {"form_key": hidden(page, "form_key"), "by": "card", "email": "ngozi@stranger.test", **typed}
    return browser.post(f"/pay/{slug}/", form)


def test_a_customer_reviews_proves_and_pays_once(ada: User, bola: User) -> None:
    purse, link = make_wallet(ada, amount=400_000), make_link(make_merchant(bola), success_message="Stall 14")
    browser, address = browser_of(ada), f"/pay/{link.slug}/"
    page = browser.get(address)
    assert "Bola's Fabrics" in text(page) and "₦2,500.00" in text(page) and "Paying is free" in text(page)
    review = browser.post(address, {"form_key": hidden(page, "form_key"), "note": "Two yards"})
    assert "You pay ₦2,500.00 Left afterwards ₦1,500.00" in text(review)
    order = {"order": hidden(review, "order")}
    assert browser.post(f"{address}confirm/", order).status_code == 302 and has(purse.pk) == 400_000
    prove_factor(ada)
    first, second = (browser.post(f"{address}confirm/", order) for _again in range(2))
    assert first.url == second.url == f"/pay/done/{latest().token}/"
    done = browser.get(first.url)
    assert "Paid ₦2,500.00" in text(done) and "Stall 14" in text(done) and has(purse.pk) == 150_000
    assert "Bola's Fabrics Aso oke" in text(browser.get("/activity/"))
    receipt = text(browser.get(f"/transactions/{latest().posting_id}/"))
    assert "Bola's Fabrics" in receipt


def test_another_persons_order_and_a_changed_one_pay_nothing(ada: User, bola: User) -> None:
    purse, link = make_wallet(ada, amount=400_000), make_link(make_merchant(bola))
    make_wallet(bola, amount=400_000)
    browser, address = browser_of(ada), f"/pay/{link.slug}/"
    order = hidden(browser.post(address, {"form_key": hidden(browser.get(address), "form_key")}), "order")
    for person, sent in ((bola, order), (ada, order[:-2] + "xx")):
        other = browser_of(person)
        prove_factor(person)
        answer = other.post(f"{address}confirm/", {"order": sent}, follow=True)
        assert "nothing was paid" in text(answer)
    assert has(purse.pk) == 400_000


def test_a_stranger_goes_to_the_checkout_and_comes_back_to_a_receipt(paystack: str, bola: User) -> None:
    link, stranger = make_link(make_merchant(bola), amount=None), Client()
    sent = by_card(stranger, link.slug, amount="3,000", name="Ngozi", note="Order 7")
    assert sent.status_code == 302 and sent.url.startswith(f"{paystack}/sandbox/paystack/checkout/")
    sold = latest()
    waiting = stranger.get(f"/pay/done/{sold.token}/")
    assert "Waiting for your payment" in text(waiting)
    story.pay_unheard(sold.payment)
    back = stranger.get(f"/pay/done/{sold.token}/back/?reference=whatever")
    assert back.url == f"/pay/done/{sold.token}/"
    done = stranger.get(back.url)
    assert "Paid ₦3,000.00" in text(done) and "ngozi@stranger.test" not in done.content.decode()


def test_a_gateway_that_is_away_says_so_and_the_same_form_goes_on(paystack: str, bola: User) -> None:
    link, stranger = make_link(make_merchant(bola)), Client()
    story.fault("BAD_GATEWAY_BEFORE", remaining=99)
    sent = by_card(stranger, link.slug)
    assert sent.status_code == 503
    story.calls_answered_again()
    form = {"form_key": hidden(sent, "form_key"), "by": "card", "email": "ngozi@stranger.test"}
    assert stranger.post(f"/pay/{link.slug}/", form).status_code == 302
    with acting_as_service():
        assert MerchantPayment.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"email": "no address"}, "Please check what you entered"),
        ({"amount": "49.99"}, "between ₦50 and ₦10,000,000"),
        ({"amount": "-5"}, "above zero"),
        ({"amount": ""}, "required"),
        ({"note": "x" * 141}, "at most 140"),
        ({"form_key": "forged"}, "open for too long"),
    ],
)
def test_what_a_stranger_may_type_is_checked_and_kept(
    client: Client, bola: User, typed: Any, says: str
) -> None:
    link = make_link(make_merchant(bola), amount=None)
    answer = by_card(client, link.slug, **{"amount": "500", **typed})
    assert answer.status_code == 422 and says in text(answer)
    with acting_as_service():
        assert not MerchantPayment.objects.exists()


def test_what_a_merchant_wrote_is_text_and_no_more(client: Client, bola: User) -> None:
    link = make_link(make_merchant(bola), title="Rice & beans", description=SCRIPT, success_message=SCRIPT)
    page = client.get(f"/pay/{link.slug}/").content.decode()
    assert SCRIPT not in page and "&lt;script&gt;" in page and "Rice &amp; beans" in page
    assert "noindex" in page


def test_a_link_that_cannot_be_paid_says_why_and_an_unknown_one_nothing(client: Client, bola: User) -> None:
    merchant = make_merchant(bola)
    link = make_link(merchant)
    links.pause_link(link=link, by=bola)
    closed = client.get(f"/pay/{link.slug}/")
    assert closed.status_code == 410 and "This payment link is paused" in text(closed)
    applying.suspend(merchant=merchant, by=bola, reason="Complaints", at=timezone.now())
    stopped = text(client.get(f"/pay/{link.slug}/"))
    assert "takes no payments at the moment" in stopped and "Complaints" not in stopped
    for address in ("/pay/000000000000/", "/pay/x/", "/pay/done/nothing/", "/pay/done/nothing/back/"):
        assert client.get(address).status_code == 404


def test_guessing_and_hammering_are_slowed_down(
    client: Client, bola: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = make_link(make_merchant(bola))
    monkeypatch.setattr(paying, "MISSES", "3/10minutes")
    guesses = [client.get(f"/pay/{number:012}/", REMOTE_ADDR="192.0.2.1").status_code for number in range(5)]
    assert guesses[0] == 404 and guesses[-1] == 429
    assert client.get(f"/pay/{link.slug}/", REMOTE_ADDR="192.0.2.1").status_code == 200
    monkeypatch.setattr(paying, "PAGES", "2/10minutes")
    seen = [client.get(f"/pay/{link.slug}/", REMOTE_ADDR="192.0.2.2").status_code for _each in range(4)]
    assert seen[0] == 200 and seen[-1] == 429


def desk(merchant: Any, name: str = "merchant", *args: Any) -> str:
    with acting_as_service():
        slug = Organization.objects.get(pk=merchant.organization_id).slug
    return reverse(name, args=[slug, *args])


def test_the_desk_is_for_its_members_and_each_sees_what_is_theirs(ada: User, bola: User) -> None:
    merchant = make_merchant(bola)
    sold = buy(ada, make_wallet(ada, amount=400_000), make_link(merchant), note="Two yards")
    mine, theirs = browser_of(bola), browser_of(ada)
    pages = ("merchant", "merchant_payments", "merchant_links", "merchant_report", "merchant_settings")
    for name in (
        *pages,
        "merchant_settle",
        "merchant_banks",
        "merchant_bank_add",
        "merchant_settle_to_wallet",
    ):
        assert mine.get(desk(merchant, name)).status_code == 200, name
        assert theirs.get(desk(merchant, name)).status_code == 404, name
    assert theirs.get(desk(merchant, "merchant_payment", sold.pk)).status_code == 404
    with acting_as_service():
        merchant.organization.memberships.create(user=ada, role="MEMBER")
    assert [theirs.get(desk(merchant, name)).status_code for name in pages] == [200, 200, 200, 404, 404]
    assert theirs.get(desk(merchant, "merchant_settle")).status_code == 404
    assert "Pay it back" not in text(theirs.get(desk(merchant, "merchant_payment", sold.pk)))
    assert theirs.post(desk(merchant, "merchant_refund", sold.pk)).status_code == 404


def test_a_link_is_made_shared_and_found_by_search(ada: User, bola: User) -> None:
    merchant, browser = make_merchant(bola), browser_of(bola)
    make = desk(merchant, "merchant_link_make")
    typed = {"title": "School fees", "amount": "1,500", "single_use": "on"}
    form = {"form_key": hidden(browser.get(make), "form_key"), **typed}
    first, second = (browser.post(make, form) for _again in range(2))
    assert first.status_code == 302 and first.url == second.url
    page = browser.get(first.url)
    link = page.context["link"]
    assert f"/pay/{link.slug}/" in text(page) and "One person, once" in text(page)
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        picture = browser.get(desk(merchant, "merchant_link_qr", link.pk, kind))
        assert picture.content.startswith(start)
    assert browser.get(desk(merchant, "merchant_link_qr", link.pk, "pdf")).status_code == 404
    buy(ada, make_wallet(ada, amount=400_000), link, note="Form two")
    found = browser.get(desk(merchant, "merchant_payments"), {"q": "form two", "state": "PAID"})
    assert "Ada Obi" in text(found)
    assert "Nothing matches" in text(browser.get(desk(merchant, "merchant_payments"), {"q": "%_"}))


def test_paying_back_and_taking_out_ask_for_a_factor_first(ada: User, bola: User) -> None:
    merchant, purse = make_merchant(bola), make_wallet(ada, amount=400_000)
    sold, browser = buy(ada, purse, make_link(merchant)), browser_of(bola)
    back, out = desk(merchant, "merchant_refund", sold.pk), desk(merchant, "merchant_settle_to_wallet")
    page = browser.get(desk(merchant, "merchant_payment", sold.pk))
    give = {"form_key": hidden(page, "form_key"), "amount": "500", "reason": "Torn"}
    take = {"form_key": hidden(browser.get(out), "form_key"), "amount": "1,000"}
    for address, form in ((back, give), (out, take)):
        assert browser.post(address, form).status_code == 302
    assert (has(purse.pk), has(merchant.account_id)) == (150_000, 235_219)
    prove_factor(bola)
    for address, form in ((back, give), (back, give), (out, take), (out, take)):
        browser.post(address, form)
    assert (has(purse.pk), has(merchant.account_id)) == (200_000, 235_219 - 50_000 - 100_000)
    sheet = browser.get(desk(merchant, "merchant_report_csv")).content.decode()
    assert "total,1,2500.00" in sheet


def test_an_owner_applies_and_a_wrong_name_says_so(bola: User) -> None:
    merchant = make_merchant(bola, active=False)
    browser = browser_of(bola)
    assert "We are looking at your application" in text(browser.get(desk(merchant)))
    made = browser.post("/organizations/", {"name": "Bola Foods"})
    address = f"{made.url}payments/apply/"
    wrong = {"display_name": "pay.me.ng", "category": "FOOD", "support_email": "a@b.test"}
    assert browser.post(address, wrong).status_code == 422
    answer = browser.post(address, {**wrong, "display_name": "Bola Foods"}, follow=True)
    assert "Thank you. We look at it" in text(answer)
