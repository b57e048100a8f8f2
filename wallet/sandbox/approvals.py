"""Asking our approval address before a transfer is sent, where this account is set up so."""

import json
from typing import Any

import httpx
from django.conf import settings

from wallet.sandbox.deliveries import AUTHORITIES, sign

SLOWEST_ANSWER = 30.0


def ask(transfer: dict[str, Any]) -> int | None:
    """POST a transfer as GET /transfer/verify tells of it, signed as a webhook is; return the status of the answer."""
    body = json.dumps(transfer, separators=(",", ":"), ensure_ascii=False).encode()
    signature = sign(body, key=settings.PAYSTACK_SANDBOX_SECRET_KEY)
    headers = {"Content-Type": "application/json", "X-Paystack-Signature": signature}
    try:
        with httpx.Client(trust_env=False, verify=AUTHORITIES, timeout=SLOWEST_ANSWER) as client:
            return client.post(settings.PAYSTACK_APPROVAL_URL, content=body, headers=headers).status_code
    except httpx.HTTPError:
        return None
