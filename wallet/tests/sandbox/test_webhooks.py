"""The sandbox announces payments as Paystack does, and fails to when told so."""

import hashlib
import hmac
import json
import threading

from core.actors import acting_as_service
from wallet.sandbox import deliveries
from wallet.sandbox.models import SandboxDelivery
from wallet.tests.sandbox.steps import (
    fault,
    only_delivery,
    pay,
    try_again,
    verify,
)


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
