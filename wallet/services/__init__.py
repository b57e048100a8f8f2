"""What can be done with money. The only door to the books: `from wallet import services as wallet`."""

from wallet.fees import FeeLine, FeeQuote
from wallet.services import charge_events  # noqa: F401  deals with events of gateways
from wallet.services.accounts import balance_at, balance_of, open_wallet, set_state, system_account
from wallet.services.announcing import announce
from wallet.services.books import Fault, fold, seal, verify
from wallet.services.cooling_off import CoolingOff, check_cooling_off
from wallet.services.counterparties import counterparties_named, has_sent_to, parties_of, recent_recipients
from wallet.services.deposits import check_payment, create_payment, open_checkout, start_deposit
from wallet.services.fees import add_fee_schedule, charges_in, fee_lines, prices_of, quote_fee
from wallet.services.gateways import install_gateway
from wallet.services.holds import (
    commit_hold,
    commit_hold_lines,
    place_hold,
    release_expired_holds,
    release_hold,
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
from wallet.services.posting import Line, Posted, Posting, Single, post, post_many
from wallet.services.raises import follow_raises
from wallet.services.releasing import release_held
from wallet.services.reports import references_of, report_of, report_problem, reports_of
from wallet.services.reversals import reverse, reversed_by
from wallet.services.transfers import FeesChanged, TransferQuote, charges_of, quote_transfer, transfer
from wallet.services.webhooks import forged_count, process_webhook, receive_webhook, replay_webhook

__all__ = [
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
    "Single",
    "TransferQuote",
    "add_fee_schedule",
    "announce",
    "balance_at",
    "balance_of",
    "charges_in",
    "charges_of",
    "check_cooling_off",
    "check_payment",
    "commit_hold",
    "commit_hold_lines",
    "count_lookup",
    "counterparties_named",
    "create_payment",
    "dismiss_paused",
    "expire_paused",
    "fee_lines",
    "fold",
    "follow_raises",
    "forged_count",
    "has_sent_to",
    "install_gateway",
    "limits_of",
    "offer_paused",
    "open_checkout",
    "open_wallet",
    "parties_of",
    "pause_transfer",
    "place_hold",
    "post",
    "post_many",
    "prices_of",
    "process_webhook",
    "quote_fee",
    "quote_transfer",
    "receive_webhook",
    "recent_recipients",
    "references_of",
    "release_expired_holds",
    "release_held",
    "release_hold",
    "replay_webhook",
    "report_of",
    "report_problem",
    "reports_of",
    "resume_transfer",
    "reverse",
    "reversed_by",
    "rules_on",
    "seal",
    "set_state",
    "start_deposit",
    "system_account",
    "transfer",
    "verify",
]
