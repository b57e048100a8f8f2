"""What savers are told of their savings."""

from typing import Any

from accounts import services as accounts
from accounts.models import Notification
from savings.models import UserSavings


def tell(saving: UserSavings, event: str, **facts: Any) -> None:
    """Tell a saving's owner, in the running transaction. Amounts are minor units (kobo)."""
    data = {"saving": str(saving.pk), "name": saving.name, "currency": saving.plan.currency_id, **facts}
    accounts.notify(notices=[Notification(user_id=saving.user_id, event=event, data=data)])
