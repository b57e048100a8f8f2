from celery import shared_task

from realtime.services import forgetting


@shared_task
def forget_messages() -> None:
    forgetting.forget_positions()
    forgetting.forget_months()
