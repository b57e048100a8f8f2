"""The sandbox keeps Paystack's rules, and breaks them only when told to."""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from django.db import ProgrammingError, connection

from core.actors import acting_as_anon, acting_as_service
from wallet.sandbox import deliveries, services
from wallet.sandbox.models import Fault, SandboxCharge, SandboxDelivery
from wallet.sandbox.tasks import deliver_webhook

GOOD = {"number": "4084 0840 8408 4081", "expiry": "12/40", "cvv": "408"}
DECLINED = {"number": "4084080000005408", "expiry": "12/40", "cvv": "001"}
SHORT = {"number": "4084080000670037", "expiry": "12/40", "cvv": "787"}


@dataclass
class Receiver:
    """Somebody's webhook endpoint, which answers what it is told to."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[bytes, str]] = field(default_factory=list)
    gate: threading.Barrier | None = None


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((body, self.headers["X-Paystack-Signature"]))
            status = receiver.statuses.pop(0) if receiver.statuses else 200
            if receiver.gate:
                receiver.gate.wait(timeout=10)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 100

    server = Server(("127.0.0.1", 0), Handler)
    settings.PAYSTACK_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def api(live_server, settings) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {settings.PAYSTACK_SANDBOX_SECRET_KEY}"}
    with httpx.Client(
        base_url=f"{live_server.url}/sandbox/paystack/", headers=headers, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def visitor(live_server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_server.url, trust_env=False) as client:
        yield client


def initialize(api: httpx.Client, **changes: object) -> httpx.Response:
    body = {
        "email": "ada@alajo.test",
        "amount": 250_000,
        "reference": "dep-1",
        "callback_url": "http://merchant.test/back/",
    }
    return api.post("transaction/initialize", json=body | changes)


def verify(api: httpx.Client, reference: str = "dep-1") -> dict:
    return api.get(f"transaction/verify/{reference}").json()["data"]


def submit(visitor: httpx.Client, page: str, **fields: str) -> httpx.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get(page).text)
    assert token
    return visitor.post(page, data={"csrfmiddlewaretoken": token[1], **fields}, headers={"Referer": page})


def pay(
    visitor: httpx.Client, api: httpx.Client, card: dict[str, str] = GOOD, **changes: object
) -> httpx.Response:
    page = initialize(api, **changes).json()["data"]["authorization_url"]
    return submit(visitor, page, action="pay", **card)


def fault(api: httpx.Client, kind: str, **more: object) -> None:
    assert api.post("faults", json={"kind": kind, **more}).status_code == 200


def only_delivery() -> SandboxDelivery:
    with acting_as_service():
        return SandboxDelivery.objects.get()


def try_again() -> None:
    deliver_webhook(delivery_id=only_delivery().pk)


# The API.


def test_initialize_answers_as_published(api):
    response = initialize(api)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["status"], answer["message"]) == (True, "Authorization URL created")
    assert set(answer["data"]) == {"authorization_url", "access_code", "reference"}


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer sk_test_wrong", "Basic é"])
def test_a_wrong_key_is_told_so(api, authorization):
    response = api.get("transaction/verify/x", headers={"Authorization": authorization.encode()})
    assert (response.status_code, response.json()["message"]) == (401, "Invalid key")


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"email": ""}, "missing_params", "email"),
        ({"email": None}, "missing_params", "email"),
        ({"amount": None}, "missing_params", "amount"),
        ({"email": "nobody"}, "invalid_params", "Email"),
        ({"email": {"a": 1}}, "invalid_params", "Email"),
        ({"amount": 4999}, "invalid_params", "Amount"),
        ({"amount": "4999"}, "invalid_params", "Amount"),
        ({"amount": -250000}, "invalid_params", "Amount"),
        ({"amount": 5000.5}, "invalid_params", "Amount"),
        ({"amount": True}, "invalid_params", "Amount"),
        ({"amount": 1_000_000_001}, "invalid_params", "Amount"),
        ({"currency": "GBP"}, "unsupported_currency", "Currency"),
        ({"currency": ["NGN"]}, "unsupported_currency", "Currency"),
        ({"reference": "a_b"}, "invalid_params", "Reference"),
        ({"reference": "a/b"}, "invalid_params", "Reference"),
        ({"reference": {"a": 1}}, "invalid_params", "Reference"),
        ({"reference": "a\0"}, "invalid_params", "JSON"),
        ({"metadata": "{"}, "invalid_params", "metadata"),
        ({"metadata": '{"a":"\\ud800"}'}, "invalid_params", "metadata"),
        ({"callback_url": "javascript:alert(1)"}, "invalid_params", "callback_url"),
    ],
)
def test_bad_input_is_refused_as_the_real_one_does(api, changes, code, said):
    response = initialize(api, **changes)
    assert response.status_code == 400
    assert response.json()["code"] == code
    assert said in response.json()["message"]
    with acting_as_service():
        assert not SandboxCharge.objects.exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b'{"amount":NaN}', b'{"a":"\\ud800"}', b"\xff", b"[" * 100_000]
)
def test_a_body_that_is_no_object_is_refused(api, content):
    response = api.post("transaction/initialize", content=content)
    assert (response.status_code, response.json()["status"]) == (400, False)


def test_an_amount_may_come_as_digits_and_the_least_is_fifty_naira(api):
    assert initialize(api, amount="5000").status_code == 200
    assert verify(api)["amount"] == 5000


def test_a_reference_is_used_once(api):
    initialize(api)
    response = initialize(api)
    assert response.status_code == 400
    assert response.json()["message"] == "Duplicate Transaction Reference"
    assert response.json()["code"] == "duplicate_reference"


def test_a_missing_reference_is_made(api):
    assert len(initialize(api, reference=None).json()["data"]["reference"]) > 9


@pytest.mark.parametrize("reference", ["unknown", "%00", "%F0%9F%92%B0"])
def test_an_unknown_reference_is_not_found(api, reference):
    response = api.get(f"transaction/verify/{reference}")
    assert response.status_code in (400, 404)
    if reference == "unknown":
        assert response.json()["code"] == "transaction_not_found"


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        (249_999, 3_750),
        (250_000, 13_750),
        (5_000, 75),
        (12_666_600, 199_999),
        (12_666_700, 200_000),
        (10**9, 200_000),
    ],
)
def test_fees_follow_the_price_list(amount, fee):
    assert services.card_fee(amount) == fee


# The checkout page.


def test_the_page_says_it_is_no_real_money_and_needs_no_script(visitor, api):
    response = visitor.get(initialize(api).json()["data"]["authorization_url"])
    assert response.status_code == 200
    page = response.text
    assert "Sandbox checkout – no real money" in page
    assert "₦2,500.00" in page
    assert 'value="4084 0840 8408 4081"' in page
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=", page)


def test_paying_sends_the_browser_back_with_the_reference(visitor, api, receiver):
    response = pay(visitor, api)
    assert response.status_code == 302
    assert response.headers["Location"] == "http://merchant.test/back/?trxref=dep-1&reference=dep-1"
    data = verify(api)
    assert (data["status"], data["amount"], data["requested_amount"], data["fees"]) == (
        "success",
        250_000,
        250_000,
        13_750,
    )


@pytest.mark.parametrize(("card", "words"), [(DECLINED, "Declined"), (SHORT, "Insufficient Funds")])
def test_a_card_the_bank_refuses_fails_the_charge_without_a_webhook(visitor, api, receiver, card, words):
    assert pay(visitor, api, card).status_code == 302
    data = verify(api)
    assert (data["status"], data["gateway_response"]) == ("failed", words)
    assert receiver.got == []


def test_decline_fails_and_abandon_leaves_it_open_and_a_later_try_succeeds(visitor, api, receiver):
    page = initialize(api, callback_url="http://merchant.test/back/?a=1").json()["data"]["authorization_url"]
    back = submit(visitor, page, action="abandon").headers["Location"]
    assert back == "http://merchant.test/back/?a=1&trxref=dep-1&reference=dep-1"
    assert verify(api)["status"] == "abandoned"
    assert submit(visitor, page, action="decline").status_code == 302
    assert verify(api)["status"] == "failed"
    submit(visitor, page, action="pay", **GOOD)
    assert verify(api)["status"] == "success"
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"number": "5555555555554444"}, {"cvv": "000"}, {"expiry": "01/20"}, {"expiry": "soon"}, {"number": ""}],
)
def test_a_wrong_card_is_explained_and_nothing_is_charged(visitor, api, receiver, wrong):
    response = pay(visitor, api, GOOD | wrong)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    assert verify(api)["status"] == "abandoned"


def test_paying_twice_pays_once(visitor, api, receiver):
    page = initialize(api).json()["data"]["authorization_url"]
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get(page).text)
    for _ in range(2):
        fields = {"csrfmiddlewaretoken": token[1], "action": "pay", **GOOD}
        assert visitor.post(page, data=fields).status_code == 302
    assert len(receiver.got) == 1
    assert "This payment is complete" in visitor.get(page).text


def test_the_page_wants_its_token_and_a_known_code(visitor, api):
    page = initialize(api).json()["data"]["authorization_url"]
    assert visitor.post(page, data={"action": "pay", **GOOD}).status_code == 403
    assert visitor.get("/sandbox/paystack/checkout/unknown").status_code == 404


# Webhooks.


def test_a_payment_is_announced_signed_over_the_raw_body(visitor, api, receiver, settings):
    pay(visitor, api, metadata={"name": "Adé"})
    [(body, signature)] = receiver.got
    key = settings.PAYSTACK_SANDBOX_SECRET_KEY.encode()
    assert signature == hmac.new(key, body, hashlib.sha512).hexdigest()
    notice = json.loads(body)
    assert notice["event"] == "charge.success"
    assert (notice["data"]["reference"], notice["data"]["amount"]) == ("dep-1", 250_000)
    assert notice["data"]["metadata"] == {"name": "Adé"}
    assert only_delivery().state == "DELIVERED"


def test_anything_but_200_is_tried_again_with_the_same_bytes(visitor, api, receiver):
    receiver.statuses = [500, 202]
    pay(visitor, api)
    assert only_delivery().next_attempt_at is not None
    try_again()
    try_again()
    delivery = only_delivery()
    assert [attempt["status"] for attempt in delivery.attempts] == [500, 202, 200]
    assert (delivery.state, delivery.next_attempt_at) == ("DELIVERED", None)
    assert len(set(receiver.got)) == 1
    try_again()
    assert len(receiver.got) == 3


def test_an_endpoint_that_is_down_is_recorded_and_tried_again(visitor, api, receiver, settings):
    settings.PAYSTACK_WEBHOOK_URL = "http://127.0.0.1:9/"
    assert pay(visitor, api).status_code == 302
    delivery = only_delivery()
    assert (delivery.state, delivery.attempts[0]["error"]) == ("PENDING", "ConnectError")


def test_the_schedule_is_the_published_one_scaled_and_ends(settings):
    settings.SANDBOX_CLOCK_SCALE = 0.5
    assert [deliveries.pause_after(tries) for tries in (1, 4, 5, 75)] == [90, 90, 1800, 1800]
    assert deliveries.pause_after(76) is None
    assert 71 * 3600 < sum(deliveries.PUBLISHED_PAUSES) <= 72 * 3600


def test_a_delivery_nobody_takes_is_given_up_at_last(visitor, api, receiver):
    receiver.statuses = [500, 500]
    pay(visitor, api)
    with acting_as_service():
        SandboxDelivery.objects.update(tries=len(deliveries.PUBLISHED_PAUSES))
    try_again()
    assert only_delivery().state == "GIVEN_UP"


def test_a_forged_signature_is_sent_once_and_then_the_true_one(visitor, api, receiver):
    fault(api, "FORGED_SIGNATURE")
    receiver.statuses = [401]
    pay(visitor, api)
    try_again()
    (_, forged), (_, true) = receiver.got
    assert forged != true
    assert [attempt["forged"] for attempt in only_delivery().attempts] == [True, False]


def test_a_dropped_webhook_never_comes(visitor, api, receiver):
    fault(api, "DROP_WEBHOOK")
    pay(visitor, api)
    assert receiver.got == []
    assert only_delivery().state == "DROPPED"


def test_duplicates_come_all_at_once(visitor, api, receiver):
    # Each answer waits until all twenty have arrived: one after another would break the barrier.
    receiver.gate = threading.Barrier(20)
    fault(api, "DUPLICATE_WEBHOOK", value="20")
    pay(visitor, api)
    assert len(receiver.got) == 20
    assert len(set(receiver.got)) == 1
    assert not receiver.gate.broken


def test_the_webhook_tells_the_same_wrong_amount_as_verify(visitor, api, receiver):
    fault(api, "WRONG_AMOUNT", value="5000")
    fault(api, "NULL_FEES")
    fault(api, "METADATA_ZERO")
    fault(api, "AMOUNT_AS_STRING")
    pay(visitor, api)
    told, asked = json.loads(receiver.got[0][0])["data"], verify(api)
    assert told["amount"] == asked["amount"] == "5000"
    assert told["metadata"] == asked["metadata"] == 0
    assert told["fees"] is asked["fees"] is None


# Faults.


def test_a_fault_strikes_as_often_as_asked_and_only_where_asked(api):
    initialize(api)
    fault(api, "BAD_GATEWAY_BEFORE", remaining=2, endpoint="verify", reference="dep-1")
    assert initialize(api, reference="dep-2").status_code == 200
    assert api.get("transaction/verify/dep-2").status_code == 200
    statuses = [api.get("transaction/verify/dep-1").status_code for _ in range(3)]
    assert statuses == [502, 502, 200]


@pytest.mark.parametrize(
    ("kind", "status", "applied"),
    [
        ("BAD_GATEWAY_AFTER", 502, True),
        ("BAD_GATEWAY_BEFORE", 502, False),
        ("HTML_503", 503, False),
        ("TOO_MANY", 429, False),
    ],
)
def test_a_failing_initialize_has_done_its_work_or_not_as_the_fault_says(api, kind, status, applied):
    fault(api, kind)
    assert initialize(api).status_code == status
    with acting_as_service():
        assert SandboxCharge.objects.exists() is applied


def test_faults_need_the_key_and_make_sense(api, live_server):
    assert httpx.post(f"{live_server.url}/sandbox/paystack/faults", json={"kind": "DELAY"}).status_code == 401
    for bad in ({"kind": "NONSENSE"}, {"kind": "DELAY", "value": "long"}, {"kind": "DELAY", "remaining": 0}):
        assert api.post("faults", json=bad).status_code in (400, 200)
    assert api.post("faults", json={"kind": "NONSENSE"}).status_code == 400
    assert api.post("faults", json={"kind": "WRONG_CURRENCY", "value": "dollars"}).status_code == 400
    fault(api, "DELAY", value="9")
    assert api.post("faults", json={"clear": True}).json()["data"] == []


def test_the_control_page_lists_charges_and_sets_faults(visitor, api, receiver):
    receiver.statuses = [500]
    pay(visitor, api)
    response = submit(visitor, "/sandbox/paystack/", kind="DROP_WEBHOOK", remaining="2")
    assert response.status_code == 302
    page = visitor.get("/sandbox/paystack/").text
    assert "dep-1" in page
    assert "No webhook × 2" in page
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=", page)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    again = f"/sandbox/paystack/deliveries/{only_delivery().pk}/resend"
    assert visitor.post(again, data={"csrfmiddlewaretoken": token}).status_code == 302
    assert only_delivery().state == "DELIVERED"
    assert (
        visitor.post("/sandbox/paystack/faults/clear", data={"csrfmiddlewaretoken": token}).status_code == 302
    )
    with acting_as_service():
        assert not Fault.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["sandbox_fault", "sandbox_sandboxcharge", "sandbox_sandboxdelivery"])
def test_nobody_but_the_service_reaches_a_table(table):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        acting_as_anon(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"select * from {table}")
