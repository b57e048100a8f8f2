"""Telling a customer what became of their application: a notice, and a word to the pages they have open."""

from accounts.models import KycApplication, Notification
from accounts.services.notices import notify
from realtime import services as realtime


def tell(*, application: KycApplication, event: str) -> None:
    """Tell of an event of accounts.kyc_notices, in the transaction of what it tells of."""
    data = {"application": str(application.pk), "tier": application.target_tier}
    notify(notices=[Notification(user_id=application.customer_id, event=event, data=data)])
    realtime.publish(topic=f"user:{application.customer_id}", event=event, payload=data)
