"""The sandbox's background work, where a worker finds it; each task stands beside what it does."""

from wallet.sandbox.delivery_tasks import deliver_webhook
from wallet.sandbox.refunds import advance_refund
from wallet.sandbox.transfers import advance_transfer, ask_approval

__all__ = ["advance_refund", "advance_transfer", "ask_approval", "deliver_webhook"]
