"""Paystack: money in by its checkout page and saved cards, money out to banks, and all that can be asked of it.

One object for one account, made of a small class for each subject; all of them speak through `paystack_http.Caller`.
"""

from wallet.gateways.paystack_charges import Charges
from wallet.gateways.paystack_payouts import Payouts
from wallet.gateways.paystack_webhooks import Webhooks


class Paystack(Charges, Payouts, Webhooks):
    """One Paystack account, by its secret key. Threads may share it; it holds connections until closed."""
