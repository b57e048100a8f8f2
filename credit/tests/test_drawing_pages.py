"""Asking for parts of a loan in a browser and by the API: what is said first, once however often it is sent."""

from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from core.templatetags.money import money
from credit.drawdown import Drawdown
from credit.models import Contract, LoanTransaction
from credit.product_rules import ProductRules
from credit.services import drawing_down
from credit.tests.agreed import accepted, signed, state_of
from credit.tests.api import cap, get, post
from credit.tests.test_agreement_pages import at, signed_in
from credit.tests.test_disbursing import wallet_of
from credit.tests.test_drawing_down import in_parts
from credit.tests.world import NAIRA, day, moment
from realtime.models import Message
from wallet.tests.api import client_of
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db
RULE = Drawdown(parts=3, days=45)


def payouts_of(made: Contract) -> int:
    with acting_as_service():
        return LoanTransaction.objects.filter(loan_id=made.application_id, kind="DISBURSEMENT").count()


def test_the_agreement_says_how_and_the_pages_ask_for_part_after_part() -> None:
    ada, now = make_person(), timezone.now()
    made = accepted(ada, [make_person()], at=now, rules=ProductRules(drawdown=RULE))
    browser, draw = signed_in(ada), at(made, "payout/")
    page = text(browser.get(at(made, "sign/")))
    drawn = PdfReader(BytesIO(browser.get(at(made, "agreement.pdf")).content))
    paper = " ".join("".join(each.extract_text() for each in drawn.pages).split())
    for words in ("In up to 3 parts", "Only on what was paid out to you, from the day of each part."):
        assert words in page and words in paper
    assert "Nothing is left to ask for" in text(browser.get(draw))  # it is not signed yet
    signed(made, at=now)
    assert "Your money is ready" in text(browser.get(at(made, "sign/")))
    assert browser_of(make_person()).get(draw).status_code == 404

    page = browser.get(draw)
    assert f"{money(0, 'NGN')} of {money(made.amount, 'NGN')} paid out" in text(page)
    sent = {"form_key": hidden(page, "form_key"), "amount": "5,000"}
    small = browser.post(draw, sent)
    assert small.status_code == 422 and "The smallest part is ₦10,000.00." in text(small)
    large = browser.post(draw, {**sent, "amount": "100,001"})
    assert large.status_code == 422 and "There is ₦100,000.00 left to ask for." in text(large)
    assert browser.post(draw, {**sent, "amount": "x"}).status_code == 422
    sent["amount"] = "40,000"
    review = text(browser.post(draw, sent))
    assert "Into your wallet" in review and "₦39,600.00" in review and "Fee, kept back" in review
    assert payouts_of(made) == 0
    assert browser.post(draw, {**sent, "change": "1"}).status_code == 200
    for _click in range(2):
        assert browser.post(draw, {**sent, "sure": "1"}).url == f"/loans/{made.application_id}/"
    assert payouts_of(made) == 1
    assert wallet_of(ada).balance == 39_600 * NAIRA

    page = browser.get(f"/loans/{made.application_id}/")
    assert "₦40,000.00 of ₦100,000.00 paid out" in text(page)
    sent = {"form_key": hidden(page, "form_key"), "amount": "60,000"}
    review = text(browser.post(draw, sent))
    assert "Without this part" in review and "₦100,000.00" in review
    assert browser.post(draw, {**sent, "sure": "1"}).status_code == 302
    assert wallet_of(ada).balance == made.received
    assert "Paid out in parts" not in text(browser.get(f"/loans/{made.application_id}/"))
    gone = browser.post(draw, {**sent, "amount": "10,000", "form_key": hidden(page, "form_key"), "sure": "1"})
    assert gone.status_code == 422 and "Nothing is left to ask for" in text(gone)
    assert payouts_of(made) == 2
    assert "₦99,000.00" in text(browser.get(at(made, "cancel/")))
    browser.post(at(made, "cancel/"))
    assert state_of(made) == "CANCELLED" and wallet_of(ada).balance == 0


def test_amounts_are_a_press_away_and_who_is_late_pays_first() -> None:
    ada, at_first = make_person(), moment(day(40))
    made = in_parts(ada, [make_person()], at=at_first, rule=RULE)
    browser, draw = signed_in(ada), at(made, "payout/")
    page = browser.get(draw).content.decode()
    assert f'href="{draw}?amount=10000"' in page and "All that is left: ₦100,000.00" in page
    assert 'value="10000"' in browser.get(f"{draw}?amount=10000").content.decode()
    drawing_down.draw(
        application_id=made.application_id,
        user=ada,
        amount=40_000 * NAIRA,
        posting_id=posting_id(),
        at=at_first,
    )
    for place in (draw, f"/loans/{made.application_id}/"):
        page = browser.get(place).content.decode()
        assert "Pay what is late first" in page and "₦60,000.00" in page
        assert 'name="amount"' not in page


def test_an_app_asks_for_parts_once_each_and_is_told_of_them(ada: User) -> None:
    made, api = in_parts(ada, [make_person()], at=timezone.now(), rule=RULE), client_of(ada)
    with acting_as_service():
        where = f"loan-applications/{cap(made.application)}/contract"
    assert get(api, where)["drawdown"]["left"] == made.amount
    [offered] = get(api, "loan-products")["data"]
    assert offered["terms"]["rules"]["payout"] == {"parts": 3, "least_percent": "10.0000", "days": 45}
    body: dict[str, Any] = {"amount": 4_000_000, "currency": "NGN"}
    first = post(api, f"{where}/payouts", body, key="one")
    assert first.status_code == 201
    assert (first.json()["kind"], first.json()["amount"]) == ("DISBURSEMENT", 4_000_000)
    assert post(api, f"{where}/payouts", body, key="one").json() == first.json()
    assert payouts_of(made) == 1
    for amount, code in ((7_000_000, "loan_part_too_large"), (999_999, "loan_part_too_small")):
        refused = post(api, f"{where}/payouts", {**body, "amount": amount})
        assert refused.json()["code"] == code, refused.json()
    assert post(api, f"{where}/payouts", {**body, "currency": "USD"}).status_code in (409, 422)
    contract = get(api, where)
    assert (contract["state"], contract["drawdown"]["drawn"]) == ("PAID_OUT", 4_000_000)
    assert contract["drawdown"]["parts_left"] == 2
    assert get(api, f"loans/{contract['loan']}")["amount"] == 4_000_000
    assert post(api, f"{where}/payouts", {**body, "amount": 6_000_000}).status_code == 201
    assert get(api, where)["drawdown"] is None
    again = post(api, f"{where}/payouts", body)
    assert (again.status_code, again.json()["code"]) == (409, "loan_nothing_to_draw")
    with acting_as_service():
        names = list(Message.objects.filter(topic=f"user:{ada.pk}").values_list("event", flat=True))
        lenders = Message.objects.filter(event="credit.loan_paid_out").values_list("payload", flat=True)
        assert names.count("credit.disbursement") == 2
        assert sorted(one["principal"] for one in lenders) == [-6_000_000, -4_000_000]
