import time
from typing import Any

from celery import shared_task
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from accounts import access_tokens
from accounts.services import approvals, code_requests, failed_tasks, forgetting, sending
from accounts.services.kyc import expiring
from accounts.services.kyc import queue as kyc_queue
from core.actors import Origin, acting_as_service, from_origin


@shared_task(autoretry_for=(OSError,), retry_backoff=5, retry_jitter=True, max_retries=8)
def send_mail(*, subject: str, text: str, html: str, to: list[str]) -> None:
    """Send one letter; a mail server that is away is tried again for about twenty minutes."""
    letter = EmailMultiAlternatives(subject, text, to=to)
    if html:
        letter.attach_alternative(html, "text/html")
    letter.send()


# Well before a worker is killed for taking too long (CELERY_TASK_TIME_LIMIT).
SENDING_SECONDS = 60


@shared_task
def send_notices() -> None:
    """Send the notices that are due. Several runs at once share them; what is left waits for the next."""
    sending.settle_hopeless(at=timezone.now())
    until = time.monotonic() + SENDING_SECONDS
    while sending.send_due(at=timezone.now(), clock=timezone.now) and time.monotonic() < until:
        pass


@shared_task
def answer_code_request(
    *,
    kind: str,
    email: str,
    asked: dict[str, str],
    newcomer: dict[str, Any] | None,
    origin: dict[str, Any],
) -> None:
    """Mail a code that was asked for from somewhere, if anybody has the address."""
    with from_origin(Origin(**origin)):
        code_requests.answer(kind=kind, email=email, at=timezone.now(), asked=asked, newcomer=newcomer)


@shared_task
def retire_signing_keys() -> None:
    """Take away the keys that a newer one has followed for longer than a token lives."""
    access_tokens.retire_keys(at=timezone.now())


@shared_task
def expire_applications() -> None:
    """End what customers began for a higher tier and left lying; a week before, tell them."""
    expiring.expire_old(at=timezone.now())


@shared_task
def forget_old_sign_ins() -> None:
    at = timezone.now()
    with acting_as_service():
        forgetting.end_idle(at=at)
        forgetting.forget(at=at)
        sending.forget(at=at)
        failed_tasks.forget(at=at)


@shared_task
def return_lapsed_cases() -> None:
    """Put cases whose agent's lease ran out back into the queue; what is left waits for the next run."""
    kyc_queue.return_lapsed(at=timezone.now())


@shared_task
def end_old_proposals() -> None:
    """End proposals that ran out, or were overtaken by what they are about."""
    approvals.expire(at=timezone.now())
