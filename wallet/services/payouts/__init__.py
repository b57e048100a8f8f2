"""Money out to banks. A payout is stored and its money set aside; the gateway is called; its answer takes or frees it.

    quote  = payouts.quote_payout(account=…, bank_account=…, amount=…, at=…)
    payout = payouts.request_payout(payout_id=…, account=…, bank_account=…, amount=…, at=…)    # stored and held, once
    payouts.order_payout(payout_id=…, at=…)                                     # calls outside; safe to repeat, or kill
    payouts.check_payout(payout_id=…, at=…)                                     # whatever is due: order it, or ask

Whatever is killed between two steps, `take_due_payout` finds the payout again. There is never a second payout for a
request: it has one reference, stored before the first call, and from the moment of that call it is UNKNOWN until the
gateway says what became of it. How its word becomes money, once and in whatever order it comes, is in `settling`.
"""

from wallet.services.payouts import events  # noqa: F401  deals with events of gateways
from wallet.services.payouts.approving import approves
from wallet.services.payouts.ordering import ask_payout, ask_soon, check_payout, order_payout, take_due_payout
from wallet.services.payouts.quoting import (
    NewBankAccount,
    PayoutQuote,
    PayoutTooLarge,
    PayoutTooSmall,
    quote_payout,
)
from wallet.services.payouts.requesting import FeeChanged, PayoutIdReused, request_payout
from wallet.services.payouts.settling import settle_payout

__all__ = [
    "FeeChanged",
    "NewBankAccount",
    "PayoutIdReused",
    "PayoutQuote",
    "PayoutTooLarge",
    "PayoutTooSmall",
    "approves",
    "ask_payout",
    "ask_soon",
    "check_payout",
    "order_payout",
    "quote_payout",
    "request_payout",
    "settle_payout",
    "take_due_payout",
]
