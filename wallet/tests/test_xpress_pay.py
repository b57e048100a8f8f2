"""What the adapter makes of XpressPay's answers: of the sandbox's, and of those that it never gives."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.gateways.base import (
    ChargeNotFound,
    DuplicateReference,
    ForgedSignature,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnreadable,
    UnreadableNotice,
)
from wallet.gateways.naira import kobo_in, naira
from wallet.gateways.replies import LARGEST, Unreadable
from wallet.gateways.xpress_pay import XpressPay, lagos_moment
from wallet.tests.xpress_pay import notice

REFERENCE = "alj0123456789abcdefABCDEF"
GOOD = {
    "amount": "90.00",
    "paymentType": "Transfer",
    "currency": "NGN",
    "status": "00",
    "isSuccessful": True,
    "transactionId": REFERENCE,
    "paymentDate": "10/28/2024 8:00:18 PM",
    "paymentReference": "XP1",
}


@pytest.fixture
def adapter(scripted) -> XpressPay:
    return XpressPay(
        public_key="XPPUBK-0-X", door="d" * 32, declined=["01"], base_url=scripted.url, sleep=lambda _s: None
    )


def envelope(data: object, code: str = "00", **more: object) -> dict[str, object]:
    return {"$id": "1", "responseCode": code, "responseMessage": "…", "data": data, **more}


def start(adapter: XpressPay, reference: str = REFERENCE, currency: str = "NGN"):
    return adapter.start_checkout(
        reference=reference,
        amount=200_005,
        currency=currency,
        email="ada@alajo.test",
        callback_url="https://alajo.test/back/?a=1",
        metadata={"payment": "p1"},
    )


@given(kobo=st.integers(0, LARGEST))
def test_naira_as_text_comes_back_to_the_kobo(kobo):
    assert kobo_in({"amount": naira(kobo)}, "amount") == kobo


@pytest.mark.parametrize(("text", "kobo"), [("2000.00", 200_000), ("0.5", 50), ("90", 9_000), ("0.01", 1)])
def test_naira_is_read_by_its_places(text, kobo):
    assert kobo_in({"amount": text}, "amount") == kobo


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "1.005", "-1.00", "1e3", " 1.00", "1.00\n", "1,000.00", "٣.00", "NaN", ".5", "1."),
        *(90.0, 90, True, str(LARGEST)),
    ],
)
def test_what_is_no_amount_in_naira_is_refused(value):
    with pytest.raises(Unreadable):
        kobo_in({"amount": value}, "amount")


def test_less_than_nothing_is_never_written():
    with pytest.raises(ValueError, match="less than none"):
        naira(-1)


def test_a_page_is_asked_for_in_naira_under_our_number(adapter, scripted):
    scripted.answer(envelope({"paymentUrl": "https://myxpresspay.com:6003/x", "accessCode": "a"}))
    checkout = start(adapter)
    assert (checkout.reference, checkout.url) == (REFERENCE, "https://myxpresspay.com:6003/x")
    [(method, path, body)] = scripted.asked
    assert (method, path) == ("POST", "/api/Payments/Initialize")
    assert b'"amount":"2000.05"' in body and b'"mode":"Debug"' in body
    assert f'"callBackUrl":"https://alajo.test/back/?a=1&reference={REFERENCE}"'.encode() in body
    assert b'{"name":"payment","value":"p1"}' in body


@pytest.mark.parametrize("reference", ["short", "a" * 31, "with-dash1", "spaced 1", "", "../../up"])
def test_a_number_that_it_would_not_take_is_not_sent(adapter, scripted, reference):
    with pytest.raises(GatewayRefused):
        start(adapter, reference)
    with pytest.raises(ChargeNotFound):
        adapter.find_charge(reference=reference)
    assert scripted.asked == []


def test_it_takes_naira_only(adapter, scripted):
    with pytest.raises(GatewayRefused) as caught:
        start(adapter, currency="USD")
    assert caught.value.data["reason"] == "invalid_currency" and scripted.asked == []


@pytest.mark.parametrize("url", ["ftp://x", "javascript:alert(1)", "", None, 7])
def test_a_page_elsewhere_than_the_web_is_not_followed(adapter, scripted, url):
    scripted.answer(envelope({"paymentUrl": url}))
    with pytest.raises(GatewayUnreadable):
        start(adapter)


def test_a_number_used_before_is_told_apart(adapter, scripted):
    scripted.answer(envelope(None, "94", responseMessage="Duplicate transaction id"), status=400)
    with pytest.raises(DuplicateReference):
        start(adapter)


def test_a_paid_charge(adapter, scripted):
    scripted.answer(envelope(GOOD))
    charge = adapter.find_charge(reference=REFERENCE)
    assert (charge.state, charge.amount, charge.requested_amount, charge.currency) == (
        "SUCCEEDED",
        9_000,
        9_000,
        "NGN",
    )
    assert charge.paid_at == datetime(2024, 10, 28, 19, 0, 18, tzinfo=UTC)
    assert (charge.channel, charge.gateway_id, charge.fee) == ("transfer", "XP1", None)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"isSuccessful": False}, "PENDING"),
        ({"isSuccessful": "true"}, "PENDING"),
        ({"isSuccessful": 1}, "PENDING"),
        ({"status": "01"}, "PENDING"),
        ({"status": 0}, "PENDING"),
        ({"status": None}, "PENDING"),
        ({"status": "09", "isSuccessful": False}, "PENDING"),
        ({"status": "01", "isSuccessful": False}, "FAILED"),
    ],
)
def test_only_both_marks_together_mean_paid(adapter, scripted, changes, state):
    scripted.answer(envelope(GOOD | changes))
    assert adapter.find_charge(reference=REFERENCE).state == state


@pytest.mark.parametrize(
    "changes",
    [
        {"transactionId": REFERENCE.lower()},
        {"transactionId": None},
        {"amount": 90.0},
        {"amount": "90.001"},
        {"currency": "naira"},
    ],
)
def test_an_answer_about_something_else_says_nothing(adapter, scripted, changes):
    scripted.answer(envelope(GOOD | changes))
    with pytest.raises(GatewayUnreadable):
        adapter.find_charge(reference=REFERENCE)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, envelope(None, "25", responseMessage="Transaction not found"), ChargeNotFound),
        (200, envelope(None, "25", responseMessage="Transaction not found"), ChargeNotFound),
        (401, {"message": "Unauthorised"}, GatewayRefused),
        (400, "<html>", GatewayRefused),
        (200, "<html>", GatewayUnreadable),
        (200, {"data": GOOD}, GatewayUnreadable),
        (200, envelope([GOOD]), GatewayUnreadable),
        (302, envelope(GOOD), GatewayUnreadable),
    ],
)
def test_bad_answers(adapter, scripted, status, body, error):
    for _try in range(3 if error is GatewayUnreadable else 1):
        scripted.answer(body, status)
    with pytest.raises(error):
        adapter.find_charge(reference=REFERENCE)
    assert scripted.answers == []


def test_no_answer_is_asked_for_again_and_then_unknown(adapter, scripted):
    for status in (503, 429):
        scripted.answer("<html>", status, {"Retry-After": "1"})
    scripted.answer(envelope(GOOD))
    assert adapter.find_charge(reference=REFERENCE).state == "SUCCEEDED"
    for _try in range(3):
        scripted.answer("", 500)
    with pytest.raises(GatewayUnavailable):
        adapter.find_charge(reference=REFERENCE)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1/2/2026 12:00:00 AM", datetime(2026, 1, 1, 23, tzinfo=UTC)),
        ("12/31/2026 11:59:59 PM", datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)),
        ("28/10/2024 8:00:18 PM", None),
        ("2024-10-28", None),
        ("", None),
        (None, None),
        (17, None),
        ("1/1/0001 12:00:00 AM", None),
    ],
)
def test_its_times_are_american_and_of_lagos(said, meant):
    assert lagos_moment(said) == meant


@pytest.mark.parametrize("door", [None, "", "d" * 31, "d" * 33, "é" * 32, "D" * 32])
def test_whoever_does_not_know_the_door_is_not_heard(adapter, door):
    with pytest.raises(ForgedSignature):
        adapter.verify_signature(b"{}", door)
    adapter.verify_signature(b"{}", "d" * 32)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b"\xff", b'{"TransactionId": 7}', notice("../up"), notice("short"), notice("a" * 31)],
)
def test_a_notice_that_names_no_payment_of_ours_is_refused(adapter, raw):
    with pytest.raises(UnreadableNotice):
        adapter.read_notice(raw)


def test_a_notice_hands_on_nothing_but_what_to_ask_about(adapter):
    found = adapter.read_notice(notice(REFERENCE, authorization={"channel": "dedicated_nuban"}))
    assert (found.event, found.reference, found.data) == ("charge.success", REFERENCE, {})
    for changes in ({"Status": "01"}, {"IsSuccessful": False}, {"IsSuccessful": "true"}):
        assert adapter.read_notice(notice(REFERENCE, **changes)).event == "charge.not_paid"
