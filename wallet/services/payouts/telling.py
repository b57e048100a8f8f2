"""Who hears of a payout: the trail, its owner, an organisation's servers. In the transaction of what it tells of."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import audit, event_types
from accounts import services as accounts
from accounts.models import Notification
from core.api import ids
from realtime import services as realtime
from wallet.models import BulkPayoutRow, Merchant, Payout
from wallet.services.merchants.applying import tell_owners

PAYOUT = "wdr"


def tell(payout: Payout, what: str) -> None:
    """Tell that a payout succeeded, failed, or was returned."""
    audit.record(
        action=f"wallet.withdrawal.{what}", target=payout, amount=payout.amount, reason=payout.reason[:100]
    )
    event = f"withdrawal.{what}"
    facts: dict[str, Any] = {
        "withdrawal": str(payout.pk),
        "amount": payout.amount,
        "currency": payout.currency_id,
        "bank": payout.bank_account.bank_name,
        "last_four": payout.bank_account.last_four,
    }
    if payout.account.owner_id:
        accounts.notify(notices=[Notification(user_id=payout.account.owner_id, event=event, data=facts)])
    if payout.bank_account.organization_id:
        _tell_merchant(payout, what)
        realtime.publish(
            topic=event_types.topic_of(payout.bank_account.organization_id),
            event=event,
            payload={**facts, "withdrawal": ids.encode(PAYOUT, payout.pk)},
        )


def _tell_merchant(payout: Payout, what: str) -> None:
    """Leave a notice with the owners of the organisation that is paid, or that pays others from a file.

    Of a file's lines that arrive they are not told one by one: the file says when it is done.
    """
    facts: dict[str, Any] = {"amount": payout.amount, "currency": payout.currency_id}
    event = f"merchant.settlement_{what}"
    if payout.purpose == Payout.Purpose.BULK:
        if what == "succeeded":
            return
        line = BulkPayoutRow.objects.filter(pk=payout.pk).first()
        event, facts["bulk"] = f"merchant.line_{what}", str(line.bulk_id if line else "")
    else:
        facts["payout"] = str(payout.pk)
    merchants = Merchant.objects.select_related("organization").filter(account=payout.account_id)
    for merchant in merchants:
        tell_owners(merchant, event, title=str(payout.bank_account), **facts)


_EXAMPLE = {
    "withdrawal": "wdr_01bXeVKNyARWzt9Zc36oSk",
    "amount": 500000,
    "currency": "NGN",
    "bank": "Access Bank",
    "last_four": "0220",
}
event_types.declare(
    event_types.EventType(
        "withdrawal.succeeded", _("A payout of the organisation was paid into its bank account."), _EXAMPLE
    ),
    event_types.EventType(
        "withdrawal.failed", _("A payout was not sent: its money is in the account again."), _EXAMPLE
    ),
    event_types.EventType(
        "withdrawal.returned",
        _("A bank sent a payout back: its money and fee are in the account again."),
        _EXAMPLE,
    ),
)
