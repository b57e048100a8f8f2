"""The Paystack adapter judges what claims to come from Paystack, and says what it is about."""

import json

import pytest

from wallet.gateways.base import (
    ForgedSignature,
    UnreadableNotice,
)
from wallet.gateways.paystack import Paystack
from wallet.tests.paystack import BODY, SIGNATURE, adapter


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
        ("transfer.success", {"reference": "a_x", "transfer_code": "TRF_1"}, "a_x", "transfer.success:TRF_1"),
        (
            "refund.pending",
            {"transaction_reference": "dep-1", "refund_reference": None, "id": 7},
            "dep-1",
            "refund.pending:dep-1:7",
        ),
        (
            "charge.dispute.create",
            {"id": 9, "transaction": {"reference": "dep-1"}},
            "dep-1",
            "charge.dispute.create:9",
        ),
        ("charge.dispute.create", {"id": 9, "reference": "dep-1"}, None, "charge.dispute.create:9"),
    ],
)
def test_a_notice_says_what_it_is_about(event, data, reference, dedupe_key):
    raw = json.dumps({"event": event, "data": data}).encode()
    notice = adapter("https://api.paystack.co").read_notice(raw)
    assert (notice.event, notice.reference, notice.dedupe_key) == (event, reference, dedupe_key)
    assert notice.data == data


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
