"""Xpress Wallet, of Providus Bank: account numbers of customers, and payouts to banks. It has no page to pay at.

Two things set it apart. It takes no reference of ours for a payout, so that one ordered twice is paid twice:
`idempotent` is false, and after a lost answer a payout is only ever searched for. And its notices are not described in
public: each is a hint to ask, at an address nobody else knows.
"""

import hashlib
import re
from typing import Any

from wallet.gateways.base import UnreadableNotice, WebhookNotice
from wallet.gateways.doors import check_door
from wallet.gateways.replies import Unreadable, parse_object
from wallet.gateways.xpress_wallet_accounts import Accounts
from wallet.gateways.xpress_wallet_http import LIVE_URL
from wallet.gateways.xpress_wallet_payouts import Payouts
from wallet.gateways.xpress_wallet_rows import Rows, our_reference, their_reference

_OURS = re.compile(r"[a-z0-9_-]{16,50}")
_THEIRS = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class XpressWallet(Accounts, Payouts, Rows):
    """One merchant's account at Xpress Wallet. `door` is the secret part of the address at which it tells us things."""

    def __init__(self, *, secret_key: str, door: str, base_url: str = LIVE_URL, **how: Any) -> None:
        super().__init__(secret_key=secret_key, base_url=base_url, **how)
        self._door = door

    def check_credentials(self) -> None:
        """Ask for our balance, which moves nothing. Raises GatewayRefused, GatewayUnavailable."""
        self.balance(currency="NGN")

    def verify_signature(self, raw: bytes, signature: str | None) -> None:
        """Check that it came to the door: `signature` is the secret part of its address. Raises `ForgedSignature`."""
        check_door(signature, door=self._door)

    def read_notice(self, raw: bytes) -> WebhookNotice:
        """Say which payout, or which money that came in, to ask about. Of the rest of the body nothing is handed on.

        Raises `UnreadableNotice`.
        """
        try:
            body = parse_object(raw)
            told = next(
                (inner for name in ("data", "transaction") if isinstance(inner := body.get(name), dict)), body
            )
            ours = our_reference(told)
            event, reference = (
                ("transfer.success", ours) if ours else ("charge.success", their_reference(told))
            )
        except Unreadable as error:
            raise UnreadableNotice(field=str(error)) from error
        if not (_OURS if ours else _THEIRS).fullmatch(reference):
            raise UnreadableNotice(field="reference")
        # The same money is told of again when it comes back, so what is said counts too.
        said = hashlib.sha256(raw).hexdigest()[:16]
        return WebhookNotice(event=event, reference=reference, dedupe_key=f"{event}:{reference}:{said}")
