"""What can be done with money. The only door to the books: `from wallet import services as wallet`."""

from wallet.fees import FeeLine, FeeQuote
from wallet.services import charge_events, claim_events, unasked_deposits  # noqa: F401  deal with events of gateways
from wallet.services.accounts import (
    balance_at,
    balance_of,
    open_lender,
    open_seller,
    open_wallet,
    set_state,
    system_account,
)
from wallet.services.announcing import announce
from wallet.services.bank_accounts import MOST as MOST_BANK_ACCOUNTS
from wallet.services.bank_accounts import (
    look_up,
    make_default,
    remove_bank_account,
    save_for_organization,
    save_found,
)
from wallet.services.banks import bank_choices, payout_gateway, read_banks
from wallet.services.books import Fault, fold, seal, verify
from wallet.services.cooling_off import CoolingOff, check_cooling_off
from wallet.services.counterparties import counterparties_named, has_sent_to, parties_of, recent_recipients
from wallet.services.dedicated_accounts import ask_for_account, open_account, search_transfers
from wallet.services.deposits import check_payment, create_payment, open_checkout, start_deposit
from wallet.services.disputes import answer_dispute, deliver_answer
from wallet.services.fees import add_fee_schedule, charges_in, fee_lines, prices_of, quote_fee
from wallet.services.gateways import install_gateway
from wallet.services.holds import (
    Reserve,
    commit_hold,
    commit_hold_lines,
    place_hold,
    release_expired_holds,
    release_hold,
    reserve_many,
)
from wallet.services.limits import Limits, limits_of, rules_on
from wallet.services.lookups import count_lookup
from wallet.services.paused import (
    PausedTransferOver,
    dismiss_paused,
    expire_paused,
    offer_paused,
    pause_transfer,
    resume_transfer,
)
from wallet.services.payments_out import payments_out
from wallet.services.payouts import (
    ask_payout,
    ask_soon,
    check_payout,
    order_payout,
    quote_payout,
    request_payout,
    settle_payout,
    take_due_payout,
)
from wallet.services.payouts.approving import approves as approves_payout
from wallet.services.payouts.quoting import fee_of as fee_of_payout
from wallet.services.posting import Line, Posted, Posting, Single, post, post_many
from wallet.services.raises import follow_raises
from wallet.services.refund_accounts import send_to_account, supply_account
from wallet.services.refund_asks import ask_back
from wallet.services.refunds import check_refunds, order_refund, request_refund, return_deposit
from wallet.services.releasing import release_held
from wallet.services.reports import references_of, report_of, report_problem, reports_of
from wallet.services.reversals import reverse, reverse_part, reversed_by
from wallet.services.saved_cards import (
    charge_card,
    decline_card,
    forget_card,
    keep_card,
    start_card_payment,
)
from wallet.services.suspense import attribute_deposit
from wallet.services.transfers import FeesChanged, TransferQuote, charges_of, quote_transfer, transfer
from wallet.services.webhooks import forged_count, process_webhook, receive_webhook, replay_webhook

__all__ = [
    "MOST_BANK_ACCOUNTS",
    "CoolingOff",
    "Fault",
    "FeeLine",
    "FeeQuote",
    "FeesChanged",
    "Limits",
    "Line",
    "PausedTransferOver",
    "Posted",
    "Posting",
    "Reserve",
    "Single",
    "TransferQuote",
    "add_fee_schedule",
    "announce",
    "answer_dispute",
    "approves_payout",
    "ask_back",
    "ask_for_account",
    "ask_payout",
    "ask_soon",
    "attribute_deposit",
    "balance_at",
    "balance_of",
    "bank_choices",
    "charge_card",
    "charges_in",
    "charges_of",
    "check_cooling_off",
    "check_payment",
    "check_payout",
    "check_refunds",
    "commit_hold",
    "commit_hold_lines",
    "count_lookup",
    "counterparties_named",
    "create_payment",
    "decline_card",
    "deliver_answer",
    "dismiss_paused",
    "expire_paused",
    "fee_lines",
    "fee_of_payout",
    "fold",
    "follow_raises",
    "forged_count",
    "forget_card",
    "has_sent_to",
    "install_gateway",
    "keep_card",
    "limits_of",
    "look_up",
    "make_default",
    "offer_paused",
    "open_account",
    "open_checkout",
    "open_lender",
    "open_seller",
    "open_wallet",
    "order_payout",
    "order_refund",
    "parties_of",
    "pause_transfer",
    "payments_out",
    "payout_gateway",
    "place_hold",
    "post",
    "post_many",
    "prices_of",
    "process_webhook",
    "quote_fee",
    "quote_payout",
    "quote_transfer",
    "read_banks",
    "receive_webhook",
    "recent_recipients",
    "references_of",
    "release_expired_holds",
    "release_held",
    "release_hold",
    "remove_bank_account",
    "replay_webhook",
    "report_of",
    "report_problem",
    "reports_of",
    "request_payout",
    "request_refund",
    "reserve_many",
    "resume_transfer",
    "return_deposit",
    "reverse",
    "reverse_part",
    "reversed_by",
    "rules_on",
    "save_for_organization",
    "save_found",
    "seal",
    "search_transfers",
    "send_to_account",
    "set_state",
    "settle_payout",
    "start_card_payment",
    "start_deposit",
    "supply_account",
    "system_account",
    "take_due_payout",
    "transfer",
    "verify",
]
