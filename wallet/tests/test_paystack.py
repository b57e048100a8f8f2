"""The Paystack adapter, against the sandbox over real HTTP, and a scripted server for what it never says."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from core.actors import acting_as_service
from wallet.gateways.base import (
    ChargeNotFound,
    DuplicateReference,
    ForgedSignature,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnreadable,
    UnreadableNotice,
)
from wallet.gateways.paystack import Paystack
from wallet.sandbox import services
from wallet.sandbox.cards import DECLINED_CARD
from wallet.sandbox.models import Fault, SandboxCharge

# The published vector.
KEY = "sk_test_0123456789abcdef0123456789abcdef01234567"
BODY = (
    b'{"event":"charge.success","data":{"id":302961,"domain":"test","status":"success",'
    b'"reference":"qTPrJoy9Bx","amount":10000,"currency":"NGN"}}'
)
SIGNATURE = (
    "7713733d6df31b9888209d87642bb6ec497b5f8af9048c82f3a874771dc0c70b"
    "127139d91c9ff8c916d5c00365434fc9f7088971eb7aacbc0082603512a58cf4"
)
NOW = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


@dataclass
class Scripted:
    """A server that answers each request with the next of its answers, and keeps what it was asked."""

    url: str = ""
    answers: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)

    def answer(self, body: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append((status, text, headers or {}))


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.asked.append((self.command, self.path, body))
            status, text, headers = script.answers.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Pauses:
    """A sleep that does not, and remembers how long it should have."""

    slept: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def adapter(url: str, *, key: str = KEY, read: float = 5.0, pauses: Pauses | None = None) -> Paystack:
    timeout = httpx.Timeout(5.0, read=read)
    return Paystack(
        secret_key=key, base_url=url, timeout=timeout, sleep=pauses or Pauses(), jitter=lambda: 0.5
    )


@pytest.fixture
def paystack(live_server, settings) -> Paystack:
    return adapter(f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY)


def start(paystack: Paystack, reference: str = "dep-1", **changes: object):
    arguments = {
        "reference": reference,
        "amount": 250_000,
        "currency": "NGN",
        "email": "ada@alajo.test",
        "callback_url": "http://testserver/back/",
        "metadata": {"payment": "1"},
    }
    return paystack.start_checkout(**(arguments | changes))


def fault(kind: str, value: str = "", **where: str) -> None:
    with acting_as_service():
        Fault.objects.create(kind=kind, value=value, **where)


def pay(reference: str = "dep-1", **how: object) -> None:
    fault("DROP_WEBHOOK", reference=reference)
    with acting_as_service():
        code = SandboxCharge.objects.get(reference=reference).access_code
        services.pay(access_code=code, at=NOW, **how)


def verified(**changes: object) -> dict[str, object]:
    data = {
        "id": 4099260516,
        "status": "success",
        "reference": "dep-1",
        "amount": 40333,
        "requested_amount": 30050,
        "fees": 10283,
        "currency": "NGN",
        "channel": "card",
        "paid_at": "2024-08-22T09:15:02.000Z",
        "metadata": "",
    }
    return {"status": True, "message": "Verification successful", "data": data | changes}


# Against the sandbox.


def test_a_checkout_is_started_and_its_charge_found_unpaid(paystack):
    checkout = start(paystack)
    assert checkout.reference == "dep-1"
    assert checkout.url.endswith(f"/sandbox/paystack/checkout/{checkout.access_code}")
    charge = paystack.find_charge(reference="dep-1")
    assert (charge.state, charge.amount, charge.requested_amount) == ("ABANDONED", 250_000, 250_000)
    assert charge.paid_at is None


def test_a_paid_charge_is_found_with_its_fee_time_and_number(paystack):
    start(paystack)
    pay()
    charge = paystack.find_charge(reference="dep-1")
    assert (charge.state, charge.amount, charge.fee, charge.currency) == ("SUCCEEDED", 250_000, 13_750, "NGN")
    assert (charge.paid_at, charge.channel) == (NOW, "card")
    assert int(charge.gateway_id) > 2**31


def test_a_declined_charge_is_failed_and_may_still_be_paid_later(paystack):
    start(paystack)
    pay(card=DECLINED_CARD)
    assert paystack.find_charge(reference="dep-1").state == "FAILED"
    pay()
    assert paystack.find_charge(reference="dep-1").state == "SUCCEEDED"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("CUSTOMER_BEARS_FEE", "", {"amount": 263_750, "requested_amount": 250_000, "fee": 13_750}),
        ("WRONG_AMOUNT", "5000", {"amount": 5000, "requested_amount": 5000}),
        ("UNDERPAID", "100", {"amount": 100, "requested_amount": 250_000}),
        ("WRONG_CURRENCY", "USD", {"currency": "USD"}),
        ("NULL_FEES", "", {"fee": None}),
        ("METADATA_ZERO", "", {"state": "SUCCEEDED"}),
        ("AMOUNT_AS_STRING", "", {"amount": 250_000}),
    ],
)
def test_an_odd_charge_is_told_as_it_is(paystack, kind, value, expected):
    start(paystack)
    fault(kind, value)
    pay()
    charge = paystack.find_charge(reference="dep-1")
    assert {name: getattr(charge, name) for name in expected} == expected


def test_a_reference_used_before_is_refused_by_name(paystack):
    start(paystack)
    with pytest.raises(DuplicateReference) as caught:
        start(paystack)
    assert caught.value.data["status"] == 400


def test_a_wrong_key_is_refused(live_server):
    with pytest.raises(GatewayRefused) as caught:
        start(adapter(f"{live_server.url}/sandbox/paystack"))
    assert caught.value.data == {"status": 401, "reason": "invalid_Key", "said": "Invalid key"}


def test_an_amount_under_the_least_is_refused_with_the_gateways_words(paystack):
    with pytest.raises(GatewayRefused) as caught:
        start(paystack, amount=4999)
    assert caught.value.data["said"] == "Invalid Amount Sent"
    assert start(paystack, amount=5000).url


def test_an_unknown_reference_is_not_found(paystack):
    with pytest.raises(ChargeNotFound):
        paystack.find_charge(reference="never-made")


@pytest.mark.parametrize("reference", ["", "..", "a/b", "a b", "é", "x\0", "a?b=1", "x" * 101])
def test_a_reference_that_could_bend_the_address_never_leaves_the_house(scripted, reference):
    with pytest.raises(ChargeNotFound):
        adapter(scripted.url).find_charge(reference=reference)
    with pytest.raises(GatewayRefused):
        start(adapter(scripted.url), reference=reference)
    assert scripted.asked == []


def test_a_checkout_that_failed_before_it_was_made_is_made_by_the_retry(paystack):
    fault("BAD_GATEWAY_BEFORE")
    assert start(paystack).reference == "dep-1"


@pytest.mark.parametrize(("kind", "value"), [("BAD_GATEWAY_AFTER", ""), ("DELAY", "1")])
def test_a_checkout_whose_answer_was_lost_is_a_duplicate_and_can_still_be_found(
    live_server, settings, kind, value
):
    paystack = adapter(
        f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY, read=0.5
    )
    fault(kind, value, endpoint="initialize")
    with pytest.raises(DuplicateReference):
        start(paystack)
    assert paystack.find_charge(reference="dep-1").state == "ABANDONED"


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_AFTER", "BAD_GATEWAY_BEFORE", "HTML_503", "TOO_MANY"])
def test_a_passing_fault_on_verify_is_ridden_out(paystack, kind):
    start(paystack)
    fault(kind)
    fault(kind)
    assert paystack.find_charge(reference="dep-1").state == "ABANDONED"


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_BEFORE", "HTML_503", "TOO_MANY"])
def test_a_lasting_fault_means_outcome_unknown(paystack, kind):
    for _ in range(3):
        fault(kind)
    with pytest.raises(GatewayUnavailable):
        start(paystack)


# Against answers no sandbox gives.


def test_retries_pause_longer_each_time_and_as_long_as_asked(scripted):
    pauses = Pauses()
    scripted.answer("", 503)
    scripted.answer({"status": False}, 429, {"Retry-After": "3"})
    scripted.answer("busy", 503)
    with pytest.raises(GatewayUnavailable):
        adapter(scripted.url, pauses=pauses).find_charge(reference="dep-1")
    assert pauses.slept == [0.25, 3.0]
    assert len(scripted.asked) == 3


def test_nobody_listening_means_outcome_unknown():
    with pytest.raises(GatewayUnavailable) as caught:
        adapter("http://127.0.0.1:9").find_charge(reference="dep-1")
    assert caught.value.data["reason"] == "ConnectError"


@pytest.mark.parametrize("body", ["<html>", "", "[]", "null", '"x"', "NaN", "[" * 100_000, '{"status":NaN}'])
def test_a_good_status_with_an_unreadable_body_means_outcome_unknown(scripted, body):
    for _ in range(3):
        scripted.answer(body)
    with pytest.raises(GatewayUnreadable):
        adapter(scripted.url).find_charge(reference="dep-1")


@pytest.mark.parametrize(
    "envelope",
    [{}, {"status": True}, {"status": True, "data": []}, {"status": "true", "data": {}}, {"status": 1}],
)
def test_an_envelope_without_data_means_outcome_unknown(scripted, envelope):
    for _ in range(3):
        scripted.answer(envelope)
    with pytest.raises(GatewayUnreadable):
        adapter(scripted.url).find_charge(reference="dep-1")


def test_a_good_status_that_says_no_is_a_refusal(scripted):
    scripted.answer({"status": False, "message": "No"})
    with pytest.raises(GatewayRefused):
        adapter(scripted.url).find_charge(reference="dep-1")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"status": False, "message": "Transaction reference not found."}, ChargeNotFound),
        (404, {"status": False, "code": "transaction_not_found"}, ChargeNotFound),
        (404, "<html>no such page</html>", GatewayRefused),
        (400, {"status": False, "message": "Duplicate Transaction Reference"}, DuplicateReference),
        (400, {"status": False, "message": ["odd"], "code": 7}, GatewayRefused),
        (403, "[]", GatewayRefused),
    ],
)
def test_refusals_get_their_names_without_a_second_try(scripted, status, body, error):
    scripted.answer(body, status)
    with pytest.raises(GatewayRefused) as caught:
        adapter(scripted.url).find_charge(reference="dep-1")
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reference", "another"),
        ("reference", None),
        ("status", 1),
        ("amount", None),
        ("amount", -1),
        ("amount", True),
        ("amount", 100.5),
        ("amount", "100.50"),
        ("amount", "１００"),
        ("amount", 2**63),
        ("requested_amount", "lots"),
        ("fees", {}),
        ("currency", "naira"),
    ],
)
def test_a_charge_with_a_field_that_cannot_be_read_names_it(scripted, name, value):
    scripted.answer(verified(**{name: value}))
    with pytest.raises(GatewayUnreadable) as caught:
        adapter(scripted.url).find_charge(reference="dep-1")
    assert caught.value.data["field"] == name
    assert len(scripted.asked) == 1


@pytest.mark.parametrize("metadata", ["", 0, None, {"payment": "1"}, '{"payment":"1"}', [], "\ud800\0"])
def test_metadata_of_any_shape_is_no_obstacle(scripted, metadata):
    scripted.answer(verified(metadata=metadata))
    charge = adapter(scripted.url).find_charge(reference="dep-1")
    assert charge.state == "SUCCEEDED"
    assert "\0" not in json.dumps(charge.raw, ensure_ascii=False).encode().decode()


def test_the_sample_where_the_customer_bears_the_fee_reads_as_published(scripted):
    scripted.answer(verified())
    charge = adapter(scripted.url).find_charge(reference="dep-1")
    assert (charge.amount, charge.requested_amount, charge.fee) == (40333, 30050, 10283)
    assert charge.paid_at == datetime(2024, 8, 22, 9, 15, 2, tzinfo=UTC)
    assert charge.gateway_id == "4099260516"


def test_without_a_requested_amount_the_amount_stands_in(scripted):
    answer = verified(amount="40333", fees=None, paid_at=None, paidAt="2024-08-22T10:15:02+01:00")
    del answer["data"]["requested_amount"]
    scripted.answer(answer)
    charge = adapter(scripted.url).find_charge(reference="dep-1")
    assert (charge.amount, charge.requested_amount, charge.fee) == (40333, 40333, None)
    assert charge.paid_at == datetime(2024, 8, 22, 9, 15, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("success", "SUCCEEDED"),
        ("failed", "FAILED"),
        ("abandoned", "ABANDONED"),
        ("reversed", "REVERSED"),
        ("ongoing", "PENDING"),
        ("pending", "PENDING"),
        ("processing", "PENDING"),
        ("queued", "PENDING"),
        ("reversal pending", "PENDING"),
        ("a word of tomorrow", "PENDING"),
    ],
)
def test_only_success_is_success(scripted, word, state):
    scripted.answer(verified(status=word))
    assert adapter(scripted.url).find_charge(reference="dep-1").state == state


@pytest.mark.parametrize(
    "data",
    [
        {"reference": "dep-1", "access_code": "a"},
        {"reference": "dep-1", "access_code": "a", "authorization_url": "javascript:alert(1)"},
        {"reference": "other", "access_code": "a", "authorization_url": "https://checkout.paystack.com/a"},
    ],
)
def test_a_checkout_page_that_is_not_ours_to_send_people_to_is_unreadable(scripted, data):
    scripted.answer({"status": True, "data": data})
    with pytest.raises(GatewayUnreadable):
        start(adapter(scripted.url))


def test_what_is_sent_is_what_was_asked(scripted):
    data = {"reference": "dep-1", "access_code": "a", "authorization_url": "https://checkout.paystack.com/a"}
    scripted.answer({"status": True, "data": data})
    start(adapter(scripted.url))
    method, path, body = scripted.asked[0]
    assert (method, path) == ("POST", "/transaction/initialize")
    assert json.loads(body) == {
        "reference": "dep-1",
        "amount": 250_000,
        "currency": "NGN",
        "email": "ada@alajo.test",
        "callback_url": "http://testserver/back/",
        "metadata": {"payment": "1"},
    }


# Webhooks.


def test_the_published_signature_is_accepted():
    adapter("https://api.paystack.co").verify_signature(BODY, SIGNATURE)


@pytest.mark.parametrize(
    ("body", "signature", "reason"),
    [
        (BODY, None, "missing"),
        (BODY, "", "missing"),
        (BODY, SIGNATURE.upper(), "malformed"),
        (BODY, SIGNATURE + "\n", "malformed"),
        (BODY, SIGNATURE[:-1], "malformed"),
        (BODY, "é" * 128, "malformed"),
        (BODY, SIGNATURE[:-1] + "5", "mismatch"),
        (BODY + b"\n", SIGNATURE, "mismatch"),
        (json.dumps(json.loads(BODY)).encode(), SIGNATURE, "mismatch"),
    ],
)
def test_any_other_signature_is_forged(body, signature, reason):
    with pytest.raises(ForgedSignature) as caught:
        adapter("https://api.paystack.co").verify_signature(body, signature)
    assert caught.value.data == {"reason": reason}


def test_a_key_is_required():
    with pytest.raises(ValueError, match="secret key"):
        Paystack(secret_key="")


@pytest.mark.parametrize(
    ("event", "data", "reference", "dedupe_key"),
    [
        ("charge.success", {"reference": "dep-1"}, "dep-1", "charge.success:dep-1"),
        ("transfer.success", {"reference": "x", "transfer_code": "TRF_1"}, None, "transfer.success:TRF_1"),
        (
            "refund.pending",
            {"transaction_reference": "dep-1", "refund_reference": None, "id": 7},
            None,
            "refund.pending:dep-1:7",
        ),
        ("charge.dispute.create", {"id": 9, "reference": "dep-1"}, None, "charge.dispute.create:9"),
    ],
)
def test_a_notice_says_what_it_is_about(event, data, reference, dedupe_key):
    raw = json.dumps({"event": event, "data": data}).encode()
    notice = adapter("https://api.paystack.co").read_notice(raw)
    assert (notice.event, notice.reference, notice.dedupe_key) == (event, reference, dedupe_key)


@pytest.mark.parametrize(
    "data", [None, 0, [], {}, {"reference": 5}, {"reference": "a\0b/"}, {"reference": "x" * 500}]
)
def test_a_notice_without_a_usable_reference_is_known_by_its_bytes(data):
    raw = json.dumps({"event": "subscription.create", "data": data}).encode()
    notice = adapter("https://api.paystack.co").read_notice(raw)
    assert notice.reference is None
    assert notice.dedupe_key.startswith("subscription.create:sha256:")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"\xff", b"{}", b'{"event":7}', b'{"event":"a b"}', b'{"event":"a\\u0000b c"}']
)
def test_a_body_that_is_no_notice_is_refused_by_name(raw):
    with pytest.raises(UnreadableNotice):
        adapter("https://api.paystack.co").read_notice(raw)


def test_no_secret_shows_in_what_is_printed(scripted):
    paystack = adapter(scripted.url)
    scripted.answer(verified(authorization={"authorization_code": "AUTH_secret"}))
    assert "AUTH_secret" not in repr(paystack.find_charge(reference="dep-1"))
    assert KEY not in repr(paystack)
