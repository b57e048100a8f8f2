"""Letters of our own: rendered now, sent after commit, so that none tells of what was rolled back."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import tasks


def send(*, template: str, to: str, **context: Any) -> None:
    """Send `template`_subject.txt, _message.txt and _message.html to one address."""
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    letter = {
        "subject": subject,
        "text": render_to_string(f"{template}_message.txt", context),
        "html": render_to_string(f"{template}_message.html", context),
        "to": [to],
    }
    transaction.on_commit(lambda: tasks.send_mail.delay(**letter), robust=True)


def page(name: str, *args: Any) -> str:
    """Return the whole address of a page, for a link in a letter."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}"
