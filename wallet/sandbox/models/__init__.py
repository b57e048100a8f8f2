"""What the sandbox remembers. The wallet reaches none of it but over HTTP, as it would reach Paystack."""

from wallet.sandbox.models.charges import SandboxCard, SandboxCharge
from wallet.sandbox.models.faults import Fault, Switches, fault_kinds
from wallet.sandbox.models.payouts import SandboxBook, SandboxLedgerRow, SandboxRecipient, SandboxTransfer
from wallet.sandbox.models.people import SandboxAccount, SandboxCustomer
from wallet.sandbox.models.refunds import SandboxDispute, SandboxRefund
from wallet.sandbox.models.settlements import SandboxSettlement
from wallet.sandbox.models.webhooks import SandboxDelivery
from wallet.sandbox.models.xpress_pay import SandboxXpressPayment
from wallet.sandbox.models.xpress_wallet import SandboxXpressRow, SandboxXpressWallet

__all__ = [
    "Fault",
    "SandboxAccount",
    "SandboxBook",
    "SandboxCard",
    "SandboxCharge",
    "SandboxCustomer",
    "SandboxDelivery",
    "SandboxDispute",
    "SandboxLedgerRow",
    "SandboxRecipient",
    "SandboxRefund",
    "SandboxSettlement",
    "SandboxTransfer",
    "SandboxXpressPayment",
    "SandboxXpressRow",
    "SandboxXpressWallet",
    "Switches",
    "fault_kinds",
]
