from celery import shared_task
from django.utils import timezone

from realtime.services import forgetting, subscriptions


@shared_task
def forget_messages() -> None:
    forgetting.forget_positions()
    forgetting.forget_months()


@shared_task
def forget_dead_processes() -> None:
    subscriptions.forget_dead_processes(at=timezone.now())
