"""The sandbox pays out by Paystack's rules, and breaks them only when told to."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from django.utils import timezone

from core.actors import acting_as_service
from wallet.sandbox import transfers
from wallet.sandbox.deliveries import sign
from wallet.sandbox.models import SandboxTransfer, Switches
from wallet.tests.sandbox.steps import fault

NUBAN = {"type": "nuban", "name": "EZE CHIDI", "account_number": "1234567896", "bank_code": "058"}
REFERENCE = "pay-0000000000000001"


def recipient(api: httpx.Client, **changes: object) -> httpx.Response:
    return api.post("transferrecipient", json=NUBAN | {"currency": "NGN"} | changes)


def send(api: httpx.Client, **changes: object) -> httpx.Response:
    code = recipient(api).json()["data"]["recipient_code"]
    body = {"source": "balance", "amount": 250_000, "recipient": code, "reference": REFERENCE, "reason": "x"}
    return api.post("transfer", json=body | changes)


def verify(api: httpx.Client) -> dict:
    return api.get(f"transfer/verify/{REFERENCE}").json()["data"]


def set_up(**switches: object) -> None:
    with acting_as_service():
        Switches.objects.update_or_create(pk=Switches.ONLY, defaults=switches)


def told(receiver) -> list[str]:
    return [json.loads(raw)["event"] for raw, _signature in receiver.got]


def test_a_transfer_is_on_its_way_for_as_long_as_was_set_up(api, receiver):
    set_up(transfer_seconds=3600)
    assert send(api).json()["data"]["status"] == "pending"
    assert verify(api)["status"] == "pending"
    with acting_as_service():
        SandboxTransfer.objects.update(due_at=timezone.now())
    assert verify(api)["status"] == "success"
    assert told(receiver) == ["transfer.success"]
    told_data = json.loads(receiver.got[0][0])["data"]
    assert (told_data["integration"]["is_live"], told_data["session"]["provider"]) == (False, "nip")


BAD_ORDERS = (
    ({"source": "card"}, "source"),
    ({"amount": 0}, "Amount"),
    ({"amount": "x"}, "Amount"),
    ({"amount": None}, "amount"),
    ({"recipient": "RCP_nobody"}, "Recipient specified is invalid"),
    ({"reference": "too-short"}, "Reference"),
    ({"reference": "Upper-00000000000001"}, "Reference"),
    ({"currency": "GBP"}, "Currency"),
    ({"amount": 1_000_000_000}, "Your balance is not enough to fulfill this request"),
)
NO_ACCOUNTS = (
    {"type": "mobile_money"},
    {"bank_code": "999"},
    {"account_number": "1234567895"},
    {"account_number": "12"},
    {"name": ""},
    {"currency": "GBP"},
)


def test_bad_orders_are_refused_and_take_nothing(api):
    for changes, said in BAD_ORDERS:
        response = send(api, **changes)
        assert (changes, response.status_code) == (changes, 400)
        assert said in response.json()["message"]
    assert api.get("balance").json()["data"] == [{"currency": "NGN", "balance": 1_000_000_000}]


def test_a_recipient_must_be_an_account(api):
    for changes in NO_ACCOUNTS:
        assert (changes, recipient(api, **changes).status_code) == (changes, 400)


def test_recipients_are_found_given_up_and_taken_up_again(api):
    made, again = recipient(api), recipient(api, name="Another")
    code = made.json()["data"]["recipient_code"]
    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json()["data"] == made.json()["data"]
    assert api.get(f"transferrecipient/{code}").json()["data"]["recipient_code"] == code
    assert api.get("transferrecipient").json()["meta"]["total"] == 1
    assert api.delete(f"transferrecipient/{code}").status_code == 200
    assert api.get(f"transferrecipient/{code}").status_code == 404
    assert recipient(api).json()["data"]["recipient_code"] == code
    bulk = api.post("transferrecipient/bulk", json={"batch": [NUBAN, NUBAN | {"bank_code": "999"}]}).json()
    assert (len(bulk["data"]["success"]), len(bulk["data"]["errors"])) == (1, 1)


def test_a_reference_is_used_once_alone_and_in_bulk(api):
    assert send(api).status_code == 200
    again = send(api)
    assert (again.status_code, "Reference already exists" in again.json()["message"]) == (400, True)
    row = {
        "amount": 1000,
        "recipient": recipient(api).json()["data"]["recipient_code"],
        "reference": REFERENCE,
    }
    bulk = api.post("transfer/bulk", json={"source": "balance", "currency": "NGN", "transfers": [row, row]})
    assert (bulk.status_code, bulk.json()["message"]) == (404, f"Duplicate reference(s) found: {REFERENCE}")
    many = {"source": "balance", "transfers": [row] * 101}
    assert api.post("transfer/bulk", json=many).status_code == 400


def test_an_unknown_transfer_is_not_found(api):
    response = api.get(f"transfer/verify/{REFERENCE}")
    assert (response.status_code, response.json()["message"]) == (404, "Transfer not found")


def test_a_transfer_may_want_a_code_first_and_waits_half_an_hour_for_it(api, receiver):
    set_up(asks_otp=True)
    made = send(api).json()
    assert (made["message"], made["data"]["status"]) == ("Transfer requires OTP to continue", "otp")
    code = made["data"]["transfer_code"]
    wrong = api.post("transfer/finalize_transfer", json={"transfer_code": code, "otp": "000000"})
    unknown = api.post("transfer/finalize_transfer", json={"transfer_code": "TRF_x", "otp": "123456"})
    assert (wrong.status_code, unknown.json()["message"]) == (400, "Transfer code is invalid")
    good = api.post("transfer/finalize_transfer", json={"transfer_code": code, "otp": "123456"})
    assert good.json()["data"]["status"] == "pending"
    assert api.get(f"transfer/{code}").json()["data"]["status"] == "success"


def test_a_code_never_given_abandons_the_transfer(api):
    set_up(asks_otp=True)
    send(api)
    with acting_as_service():
        [made] = SandboxTransfer.objects.all()
        transfers.advance(transfer_id=made.pk, at=made.created_at + transfers.OTP_LASTS)
    assert verify(api)["status"] == "abandoned"
    assert api.get("balance").json()["data"][0]["balance"] == 1_000_000_000


@pytest.fixture
def approver(settings):
    """Our approval address: answers with each of `statuses`, and keeps what it was asked."""
    statuses, asked = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((body, self.headers["X-Paystack-Signature"]))
            self.send_response(statuses.pop(0))
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    settings.PAYSTACK_APPROVAL_URL = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield statuses, asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("answer", "status"), [(200, "success"), (400, "rejected"), (403, "blocked"), (500, "blocked")]
)
def test_our_approval_is_asked_before_anything_is_sent(api, receiver, settings, approver, answer, status):
    set_up(asks_approval=True)
    statuses, asked = approver
    statuses.append(answer)
    assert send(api).json()["data"]["status"] == "received"
    assert verify(api)["status"] == status
    [(body, signature)] = asked
    assert signature == sign(body, key=settings.PAYSTACK_SANDBOX_SECRET_KEY)
    said = json.loads(body)
    assert (said["reference"], said["amount"], said["status"]) == (REFERENCE, 250_000, "received")
    assert said["recipient"]["details"]["account_number"] == NUBAN["account_number"]


def test_nobody_at_the_approval_address_blocks_the_transfer(api, receiver, settings):
    settings.PAYSTACK_APPROVAL_URL = "http://127.0.0.1:9/"
    set_up(asks_approval=True)
    send(api)
    assert (verify(api)["status"], told(receiver)) == ("blocked", ["transfer.failed"])


def test_the_webhook_may_come_before_the_answer(api, receiver):
    fault(api, "TRANSFER_AT_ONCE")
    fault(api, "WEBHOOK_FIRST")
    assert send(api).json()["data"]["status"] == "success"
    assert told(receiver) == ["transfer.success"]


def test_webhooks_may_come_in_the_wrong_order(api, receiver):
    fault(api, "TRANSFER_REVERSED")
    fault(api, "WEBHOOK_SWAPPED")
    send(api)
    assert verify(api)["status"] == "success"
    assert receiver.got == []
    assert verify(api)["status"] == "reversed"
    assert told(receiver) == ["transfer.reversed", "transfer.success"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("WRONG_AMOUNT", "100", {"amount": 100}),
        ("WRONG_CURRENCY", "USD", {"currency": "USD"}),
        ("NULL_FEES", "", {"fee_charged": None}),
        ("AMOUNT_AS_STRING", "", {"amount": "250000"}),
        ("TRANSFER_FAILS", "", {"status": "failed"}),
        ("TRANSFER_STAYS", "", {"status": "pending"}),
    ],
)
def test_an_odd_transfer_is_told_as_it_is(api, receiver, kind, value, expected):
    fault(api, kind, value=value)
    if kind == "WRONG_CURRENCY":
        with acting_as_service():
            transfers.ledger.move(
                currency="USD", difference=10**9, reason="x", model="Topup", row=0, at=timezone.now()
            )
    assert send(api).status_code == 200
    found = verify(api)
    assert {name: found[name] for name in expected} == expected
