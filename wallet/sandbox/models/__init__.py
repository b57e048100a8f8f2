"""What the sandbox remembers. The wallet reaches none of it but over HTTP, as it would reach Paystack."""

from wallet.sandbox.models.charges import SandboxCharge
from wallet.sandbox.models.faults import Fault, Switches, fault_kinds
from wallet.sandbox.models.payouts import SandboxBook, SandboxLedgerRow, SandboxRecipient, SandboxTransfer
from wallet.sandbox.models.people import SandboxCustomer
from wallet.sandbox.models.webhooks import SandboxDelivery

__all__ = [
    "Fault",
    "SandboxBook",
    "SandboxCharge",
    "SandboxCustomer",
    "SandboxDelivery",
    "SandboxLedgerRow",
    "SandboxRecipient",
    "SandboxTransfer",
    "Switches",
    "fault_kinds",
]
