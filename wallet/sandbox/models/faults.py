from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def fault_kinds() -> list[tuple[str, Any]]:
    return Fault.Kind.choices


def fault_endpoints() -> list[tuple[str, Any]]:
    return Fault.Endpoint.choices


class Fault(models.Model):
    """A misbehaviour that the next `remaining` calls, payments or deliveries get, in order of making.

    `reference` narrows it to one charge, transfer or customer and `endpoint` to one API call; empty means any.
    """

    class Kind(models.TextChoices):
        # An API call meets these.
        DELAY = "DELAY", _("Answer late, having done it (value: seconds)")
        DROP_REPLY = "DROP_REPLY", _("Do it, then hang up without an answer")
        BAD_GATEWAY_AFTER = "BAD_GATEWAY_AFTER", _("502 after doing it")
        BAD_GATEWAY_BEFORE = "BAD_GATEWAY_BEFORE", _("502 without doing it")
        HTML_503 = "HTML_503", _("503 with an HTML body")
        TOO_MANY = "TOO_MANY", _("429 (value: Retry-After, seconds)")
        WRONG_SHAPE = "WRONG_SHAPE", _("200 with a body that makes no sense")
        # A payment meets these.
        WRONG_AMOUNT = "WRONG_AMOUNT", _("Another amount asked for and paid (value: kobo)")
        UNDERPAID = "UNDERPAID", _("Less paid than asked for (value: kobo)")
        WRONG_CURRENCY = "WRONG_CURRENCY", _("Another currency (value: code)")
        CUSTOMER_BEARS_FEE = "CUSTOMER_BEARS_FEE", _("Customer bears the fee")
        NULL_FEES = "NULL_FEES", _("Fees null")
        METADATA_ZERO = "METADATA_ZERO", _("Metadata 0")
        AMOUNT_AS_STRING = "AMOUNT_AS_STRING", _("Amount as a string")
        CARD_DECLINED = "CARD_DECLINED", _("Saved card is declined")
        UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT", _("Deposit into a number nobody was given")
        DEPOSIT_REJECTED = "DEPOSIT_REJECTED", _("Bank turns a deposit into an account number back")
        # A transfer meets these.
        TRANSFER_AT_ONCE = "TRANSFER_AT_ONCE", _("Transfer arrives before the answer")
        TRANSFER_FAILS = "TRANSFER_FAILS", _("Transfer fails")
        TRANSFER_REVERSED = "TRANSFER_REVERSED", _("Transfer arrives, then comes back (value: seconds)")
        TRANSFER_STAYS = "TRANSFER_STAYS", _("Transfer stays on its way")
        # A webhook meets these when it is written.
        DROP_WEBHOOK = "DROP_WEBHOOK", _("No webhook")
        DUPLICATE_WEBHOOK = "DUPLICATE_WEBHOOK", _("Webhook many times at once (value: how many)")
        WEBHOOK_DELAY = "WEBHOOK_DELAY", _("Webhook late (value: seconds)")
        WEBHOOK_FIRST = "WEBHOOK_FIRST", _("Webhook before the answer to the call")
        WEBHOOK_SWAPPED = "WEBHOOK_SWAPPED", _("Webhook after the next one about the same")
        # An attempt to deliver meets this.
        FORGED_SIGNATURE = "FORGED_SIGNATURE", _("Webhook signed with another key")

    class Endpoint(models.TextChoices):
        ANY = "", _("any call")
        INITIALIZE = "initialize", "transaction/initialize"
        VERIFY = "verify", "transaction/verify"
        BANK = "bank", "bank"
        RESOLVE = "resolve", "bank/resolve"
        CUSTOMER = "customer", "customer"
        IDENTIFY = "identify", "customer/…/identification"
        RECIPIENT = "recipient", "transferrecipient"
        TRANSFER = "transfer", "transfer"
        TRANSFER_BULK = "transfer_bulk", "transfer/bulk"
        TRANSFER_VERIFY = "transfer_verify", "transfer/verify"
        CHARGE = "charge", "charge"
        CHARGE_SUBMIT = "charge_submit", "charge/submit_…"
        CHARGE_CARD = "charge_authorization", "transaction/charge_authorization"
        ACCOUNT = "account", "dedicated_account"
        REFUND = "refund", "refund"
        REFUNDS = "refunds", "refund, asked"
        REFUND_RETRY = "refund_retry", "refund/retry_with_customer_details"
        DISPUTE = "dispute", "dispute"
        RESOLVE_DISPUTE = "dispute_resolve", "dispute/…/resolve"
        BALANCE = "balance", "balance"
        LEDGER = "ledger", "balance/ledger"
        SETTLEMENT = "settlement", "settlement"
        XPRESS_INITIALIZE = "xpress_initialize", "XpressPay: Initialize"
        XPRESS_VERIFY = "xpress_verify", "XpressPay: VerifyPayment"
        WALLET_BANKS = "wallet_banks", "Xpress Wallet: transfer/banks"
        WALLET_RESOLVE = "wallet_resolve", "Xpress Wallet: transfer/account/details"
        WALLET_TRANSFER = "wallet_transfer", "Xpress Wallet: transfer/bank"
        WALLET_ROWS = "wallet_rows", "Xpress Wallet: merchant/transactions"
        WALLET_ROW = "wallet_row", "Xpress Wallet: merchant/transaction"
        WALLET_BALANCE = "wallet_balance", "Xpress Wallet: merchant/wallet"
        WALLET_OPEN = "wallet_open", "Xpress Wallet: wallet"
        WALLET_CUSTOMER = "wallet_customer", "Xpress Wallet: customer"

    kind = models.CharField(max_length=20, choices=fault_kinds)
    value = models.CharField(max_length=20, blank=True)
    remaining = models.PositiveSmallIntegerField(default=1)
    reference = models.CharField(max_length=100, blank=True)
    endpoint = models.CharField(max_length=30, choices=fault_endpoints, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(remaining__gte=1), name="sandbox_fault_remaining_positive")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Switches(models.Model):
    """How this account at Paystack is set up. There is one row at most; without one all is as by default."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    transfer_seconds = models.PositiveIntegerField(null=True)
    asks_otp = models.BooleanField(default=False)
    asks_approval = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="sandbox_switches_once")]

    def __str__(self) -> str:
        return "switches"
