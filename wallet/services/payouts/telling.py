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
    event, facts = f"withdrawal.{what}", {"withdrawal": str(payout.pk), **_facts(payout)}
    if payout.account.owner_id:
        accounts.notify(notices=[Notification(user_id=payout.account.owner_id, event=event, data=facts)])
    if payout.bank_account.organization_id:
        _tell_merchant(payout, what)
    _publish(payout, event)


def tell_unanswered(payout: Payout) -> None:
    """Tell servers that nobody knows yet whether a payout was sent: whoever waits for it must not order it again.

    People are not told: their page says so, and most answers come within a minute.
    """
    audit.record(action="wallet.withdrawal.unknown", target=payout, amount=payout.amount)
    _publish(payout, "withdrawal.unknown")


def _publish(payout: Payout, event: str) -> None:
    organization = payout.bank_account.organization_id
    if organization:
        named = {"withdrawal": ids.encode(PAYOUT, payout.pk), **_facts(payout)}
        realtime.publish(topic=event_types.topic_of(organization), event=event, payload=named)


def _facts(payout: Payout) -> dict[str, Any]:
    return {
        "amount": payout.amount,
        "currency": payout.currency_id,
        "bank": payout.bank_account.bank_name,
        "last_four": payout.bank_account.last_four,
    }


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
        "withdrawal.unknown",
        _(
            "The payment service has not said whether a payout was sent. We ask until it has: do not order it again."
        ),
        _EXAMPLE,
    ),
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
