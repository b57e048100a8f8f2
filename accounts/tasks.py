from celery import shared_task
from django.core.mail import EmailMultiAlternatives


@shared_task(autoretry_for=(OSError,), retry_backoff=5, retry_jitter=True, max_retries=8)
def send_mail(*, subject: str, text: str, html: str, to: list[str]) -> None:
    """Send one letter; a mail server that is away is tried again for about twenty minutes."""
    letter = EmailMultiAlternatives(subject, text, to=to)
    if html:
        letter.attach_alternative(html, "text/html")
    letter.send()
