"""Letters about organisations. Rendered in the transaction that they tell of, sent once it has committed."""

import re
import unicodedata
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import tasks
from accounts.models import Invitation, Membership

# What a mail program would make a link of, or take for an address.
_LINK = re.compile(r"://|[/@\\]|\w[.。]\w*[^\W\d]\w", re.UNICODE)


def carries_a_link(text: str) -> bool:
    return bool(_LINK.search(unicodedata.normalize("NFKC", text)))


def invitation(offer: Invitation, *, token: str, inviter_name: str) -> None:
    address = offer.invited_by.email
    name = "" if inviter_name == address or carries_a_link(inviter_name) else inviter_name
    _send(
        "invitation",
        offer.email,
        organization=offer.organization,
        inviter=f"{name} ({address})" if name else address,
        role=offer.get_role_display(),
        expires_at=offer.expires_at,
        url=settings.SITE_URL + reverse("organization_join", args=[token]),
    )


def role_changed(member: Membership) -> None:
    _send(
        "role_changed",
        member.user.email,
        organization=member.organization,
        role=member.get_role_display(),
        url=settings.SITE_URL + reverse("organization", args=[member.organization.slug]),
    )


def removed(member: Membership) -> None:
    _send("removed", member.user.email, organization=member.organization)


def _send(name: str, to: str, **context: Any) -> None:
    """Send `templates/organizations/email/<name>_…` to one address."""
    prefix = f"organizations/email/{name}"
    letter = {
        "subject": " ".join(render_to_string(f"{prefix}_subject.txt", context).split()),
        "text": render_to_string(f"{prefix}_message.txt", context),
        "html": render_to_string(f"{prefix}_message.html", context),
        "to": [to],
    }
    transaction.on_commit(lambda: tasks.send_mail.delay(**letter), robust=True)
