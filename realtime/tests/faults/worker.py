"""The worker, with a beat that asks it often: sends what waits, and takes up what one that was killed had in hand."""

import time
from datetime import timedelta

import django
from celery import current_app

django.setup()
# What a task starts it does itself, here as in the other tests.
current_app.conf.task_always_eager = True

from accounts import tasks, webhook_tasks  # noqa: E402
from accounts.services import sending as notices  # noqa: E402
from accounts.services.webhooks import sending as webhooks  # noqa: E402

# A killed one's leases must run out: sooner than in earnest, for there are many of them.
notices.LEASE = webhooks.LEASE = timedelta(seconds=1)

while True:
    webhook_tasks.take_up()
    tasks.send_notices()
    time.sleep(0.2)
