"""Paystack's word on whether a BVN is a person's.

A BVN is confirmed together with a bank account of the same person: the question is taken (202) and the answer comes by
webhook, named by the customer's code. There is no question by which the answer could be asked for.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from wallet.gateways.base import UnreadableNotice
from wallet.gateways.paystack import Paystack
from wallet.gateways.replies import Unreadable, parse_object, text

ANSWERS = {"customeridentification.success": True, "customeridentification.failed": False}


@dataclass(frozen=True)
class Answer:
    """What a webhook says of a customer's identification; numbers are what it shows of them, maybe masked."""

    customer_code: str
    confirmed: bool
    bvn: str
    account_number: str
    bank_code: str
    reason: str


def ask_identification(
    paystack: Paystack,
    *,
    code: str,
    bvn: str,
    account_number: str,
    bank_code: str,
    first_name: str,
    last_name: str,
) -> None:
    """Ask whether a BVN and an account are this customer's; answered by webhook.

    Raises GatewayRefused, GatewayUnavailable.
    """
    body: dict[str, Any] = {
        "country": "NG",
        "type": "bank_account",
        "account_number": account_number,
        "bvn": bvn,
        "bank_code": bank_code,
        "first_name": first_name,
        "last_name": last_name,
    }
    paystack.call("POST", f"/customer/{quote(code, safe='')}/identification", body, has_data=False)


def read_answer(raw: bytes) -> Answer:
    """Read a webhook that is one of ANSWERS; its signature was checked. Raises UnreadableNotice."""
    try:
        body = parse_object(raw)
        event, data = text(body, "event"), body.get("data")
        if event not in ANSWERS or not isinstance(data, dict):
            raise Unreadable("event")
        said = data.get("identification")
        said = said if isinstance(said, dict) else {}
        reason = data.get("reason")
        return Answer(
            customer_code=text(data, "customer_code")[:100],
            confirmed=ANSWERS[event],
            bvn=_digits(said.get("bvn")),
            account_number=_digits(said.get("account_number")),
            bank_code=_digits(said.get("bank_code")),
            reason=reason[:300] if isinstance(reason, str) else "",
        )
    except Unreadable as error:
        raise UnreadableNotice(field=str(error)) from error


def _digits(value: object) -> str:
    return value[:30] if isinstance(value, str) else ""
