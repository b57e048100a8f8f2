"""Paystack: money in by its checkout page, saved cards and account numbers, money out to banks, and money back.

One object for one account, made of a small class for each subject; all of them speak through `paystack_http.Caller`.
"""

from wallet.gateways.paystack_accounts import Accounts
from wallet.gateways.paystack_cards import Cards
from wallet.gateways.paystack_direct import DirectCharges
from wallet.gateways.paystack_ledger import Ledger
from wallet.gateways.paystack_payouts import Payouts
from wallet.gateways.paystack_refunds import Refunds
from wallet.gateways.paystack_settlements import Settlements
from wallet.gateways.paystack_webhooks import Webhooks


class Paystack(Cards, DirectCharges, Accounts, Payouts, Refunds, Ledger, Settlements, Webhooks):
    """One Paystack account, by its secret key. Threads may share it; it holds connections until closed."""

    def check_credentials(self) -> None:
        """Ask for our balance, which moves nothing. Raises GatewayRefused, GatewayUnavailable."""
        self.call_for_list("GET", "/balance")
