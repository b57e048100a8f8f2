"""The pages where people ask one another for money: what was looked at is paid, once; each side does its own."""

from typing import Any

from django.test import Client

from accounts.models import User
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as_service
from wallet.fees import Band
from wallet.models import PaymentRequest, SplitBill
from wallet.tests.asking import ask, state_of
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, handle_of, hidden, text
from wallet.tests.schedules import make_schedule
from wallet.tests.selling import has


def send(browser: Client, address: str, **typed: Any) -> Any:
    return browser.post(address, {"form_key": hidden(browser.get(address), "form_key"), **typed}, follow=True)


def test_asking_shows_who_it_is_and_the_other_pays_what_was_shown(ada: User, bola: User) -> None:
    make_schedule("TRANSFER", Band("FEE", 0, flat=1_000))
    purse, theirs = make_wallet(bola, amount=200_000), make_wallet(ada)
    asked = send(
        browser_of(ada), "/requests/new/", recipient=f"@{handle_of(bola)}", amount="500", note="Suya"
    )
    assert "Your request is on its way." in text(asked) and "Bola Adé" in text(asked)
    payer = browser_of(bola)
    assert "Ada Obi asks you for money" in text(payer.get("/notices/"))
    assert "Ada Obi Suya" in text(payer.get("/requests/"))
    with acting_as_service():
        request = PaymentRequest.objects.get()
    address = f"/requests/{request.pk}/pay/"
    review = payer.get(address)
    assert "They get ₦500.00 Fee ₦10.00" in text(review) and "You pay ₦510.00" in text(review)
    order = {"order": hidden(review, "order")}
    make_schedule("TRANSFER", Band("FEE", 0, flat=9_000), days=1)
    assert payer.post(address, order).status_code == 302 and has(purse.pk) == 200_000
    prove_factor(bola)
    first, second = (payer.post(address, order) for _again in range(2))
    assert first.url == second.url and first.url.startswith("/transactions/")
    assert (has(purse.pk), has(theirs.pk), state_of(request)) == (149_000, 50_000, "PAID")
    assert "See the transfer" in text(payer.get(f"/requests/{request.pk}/"))


def test_declining_with_a_block_and_letting_them_ask_again(ada: User, bola: User) -> None:
    make_wallet(ada), make_wallet(bola)
    request, payer = ask(ada, bola), browser_of(bola)
    payer.post(f"/requests/{request.pk}/decline/", {"words": "Who are you?", "block": "1"})
    assert state_of(request) == "DECLINED"
    assert "“Who are you?”" in text(browser_of(ada).get(f"/requests/{request.pk}/"))
    hidden_one = ask(ada, bola)
    assert payer.get(f"/requests/{hidden_one.pk}/").status_code == 404
    page = payer.get("/requests/blocked/")
    assert "Ada Obi" in text(page)
    payer.post("/requests/blocked/", {"block": hidden(page, "block")})
    assert payer.get(f"/requests/{hidden_one.pk}/").status_code == 200


def test_what_is_one_sides_is_refused_to_the_other_and_to_a_third(ada: User, bola: User) -> None:
    for person in (ada, bola):
        make_wallet(person, amount=200_000)
    request, third = ask(ada, bola), make_person(name="Chidi Eze")
    make_wallet(third)
    asker, payer, stranger = browser_of(ada), browser_of(bola), browser_of(third)
    assert asker.get(f"/requests/{request.pk}/pay/").status_code == 404
    assert asker.post(f"/requests/{request.pk}/decline/").status_code == 404
    payer.post(f"/requests/{request.pk}/act/", {"do": "cancel"})
    assert state_of(request) == "OPEN"
    for page in ("", "pay/"):
        assert stranger.get(f"/requests/{request.pk}/{page}").status_code == 404
    assert asker.post(f"/requests/{request.pk}/act/", {"do": "steal"}).status_code == 404
    asker.post(f"/requests/{request.pk}/act/", {"do": "cancel"})
    assert state_of(request) == "CANCELLED"


def test_the_form_says_what_is_wrong_where_it_is(ada: User, bola: User) -> None:
    make_wallet(ada)
    browser = browser_of(ada)
    for typed, says in (
        ({"recipient": "nobody@nowhere.test", "amount": "500"}, "We found nobody"),
        ({"recipient": ada.email, "amount": "500"}, "cannot ask yourself"),
        ({"recipient": bola.email, "amount": "0.50"}, "at least ₦1"),
        ({"recipient": bola.email, "amount": "500", "until": "2020-01-01"}, "between tomorrow and 90 days"),
    ):
        answer = send(browser, "/requests/new/", **typed)
        assert answer.status_code == 422 and says in text(answer), typed


def test_a_bill_is_split_by_lines_and_shows_who_paid(ada: User, bola: User) -> None:
    make_wallet(ada)
    chidi, browser = make_person(name="Chidi Eze"), browser_of(ada)
    lines = f"@{handle_of(bola)}\n{chidi.email}\n"
    page = send(browser, "/requests/split/", title="Dinner", total="1,000", people=lines, with_owner="on")
    assert "₦0.00 of ₦666.66 has come" in text(page) and "Your own share ₦333.34" in text(page)
    shares = f"@{handle_of(bola)} 600\n{chidi.email} 250.50"
    page = send(browser, "/requests/split/", title="Taxi", total="1,000", people=shares)
    assert "of ₦850.50 has come" in text(page)
    for people, says in (
        (f"@{handle_of(bola)} 600\n{chidi.email}", "behind each person, or behind none"),
        (f"@{handle_of(bola)} abc", "Enter an amount"),
        ("@nobody_at_all", "We found nobody called @nobody_at_all"),
        ("\n".join(["@a"] * 21), "1 to 20 people"),
    ):
        wrong = send(browser, "/requests/split/", title="X", total="1,000", people=people)
        assert wrong.status_code == 422 and says in text(wrong), people
    with acting_as_service():
        assert SplitBill.objects.count() == 2


def test_a_pay_link_is_made_saved_and_ended(ada: User, bola: User) -> None:
    make_wallet(ada)
    browser = browser_of(ada)
    page = send(browser, "/requests/links/", amount="", note="For Ada")
    link = page.context["links"][0][0]
    assert f"/to/{link.slug}/" in text(page)
    assert browser.get(f"/requests/links/{link.pk}/qr.png").content.startswith(b"\x89PNG")
    assert browser_of(bola).get(f"/requests/links/{link.pk}/qr.png").status_code == 404
    assert browser_of(bola).post(f"/requests/links/{link.pk}/end/").status_code == 404
    browser.post(f"/requests/links/{link.pk}/end/")
    assert Client().get(f"/to/{link.slug}/").status_code == 404
