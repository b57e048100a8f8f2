"""Bringing webhooks in the background."""

from celery import Task, shared_task
from django.utils import timezone

from core.actors import acting_as_service
from wallet.sandbox import deliveries


@shared_task(bind=True, name="wallet.sandbox.tasks.deliver_webhook")
def deliver_webhook(self: Task, *, delivery_id: int) -> None:
    """Bring one webhook, and come back on Paystack's schedule while it is not taken.

    Run eagerly (in tests) a task cannot wait, so the next try is then left to the test.
    """
    with acting_as_service():
        attempt = deliveries.begin(delivery_id=delivery_id)
    if attempt is None:
        return
    results = deliveries.bring(attempt)
    with acting_as_service():
        pause = deliveries.record(delivery_id=delivery_id, results=results, at=timezone.now())
    if pause is not None and not self.request.is_eager:
        deliver_webhook.apply_async(kwargs={"delivery_id": delivery_id}, countdown=pause)
