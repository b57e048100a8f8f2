"""Background work of webhooks. Senders have a queue and a worker of their own: slow calls hold up nothing else.

Each task takes what is due. Any number at once share it; twice changes nothing.
"""

import time

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from accounts.services.webhooks import forgetting, sending

# Calls at the same time: the threads of the worker (core/management/commands/up.py, compose.yaml).
SENDERS = 16
# A sender ends after so long, and another goes on: a worker that is to stop need not wait for the last delivery.
_AT_IT_FOR = 60.0


@shared_task
def send_due() -> None:
    """Send one delivery after the other while any is due."""
    until = time.monotonic() + _AT_IT_FOR
    while sending.send_next():
        if time.monotonic() > until:
            send_due.delay()
            return


@shared_task
def take_up() -> None:
    """Take up what a dead worker left behind and what has become due; begin as many senders as there is work for."""
    sending.recover(at=timezone.now())
    start_sending(sending.count_due(at=timezone.now(), most=SENDERS))


@shared_task
def forget() -> None:
    """Delete what is older than it is kept, a piece at a time."""
    forgetting.forget(at=timezone.now())


def start_sending(deliveries: int = SENDERS) -> None:
    """Have senders begin when the running transaction commits. Lost starts are made up for by `take_up`."""

    def start() -> None:
        for _ in range(min(deliveries, SENDERS)):
            send_due.delay()

    transaction.on_commit(start, robust=True)
