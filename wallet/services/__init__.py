"""What can be done with money. The only door to the books: `from wallet import services as wallet`."""

from wallet.services.accounts import balance_at, balance_of, open_wallet, set_state, system_account
from wallet.services.books import Fault, fold, seal, verify
from wallet.services.deposits import check_payment, create_payment, open_checkout, settle, start_deposit
from wallet.services.gateways import install_gateway
from wallet.services.holds import commit_hold, place_hold, release_expired_holds, release_hold
from wallet.services.posting import Line, Posted, Posting, Single, post, post_many, reverse
from wallet.services.transfers import TransferQuote, quote_transfer, transfer
from wallet.services.webhooks import forged_count, process_webhook, receive_webhook

__all__ = [
    "Fault",
    "Line",
    "Posted",
    "Posting",
    "Single",
    "TransferQuote",
    "balance_at",
    "balance_of",
    "check_payment",
    "commit_hold",
    "create_payment",
    "fold",
    "forged_count",
    "install_gateway",
    "open_checkout",
    "open_wallet",
    "place_hold",
    "post",
    "post_many",
    "process_webhook",
    "quote_transfer",
    "receive_webhook",
    "release_expired_holds",
    "release_hold",
    "reverse",
    "seal",
    "set_state",
    "settle",
    "start_deposit",
    "system_account",
    "transfer",
    "verify",
]
