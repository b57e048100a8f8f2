"""Letters about organisations."""

import re
import unicodedata

from accounts import letters
from accounts.models import Invitation, Membership

# What a mail program would make a link of, or take for an address.
_LINK = re.compile(r"://|[/@\\]|\w[.。]\w*[^\W\d]\w", re.UNICODE)


def carries_a_link(text: str) -> bool:
    return bool(_LINK.search(unicodedata.normalize("NFKC", text)))


def invitation(offer: Invitation, *, token: str, inviter_name: str) -> None:
    address = offer.invited_by.email
    name = "" if inviter_name == address or carries_a_link(inviter_name) else inviter_name
    letters.send(
        template="organizations/email/invitation",
        to=offer.email,
        organization=offer.organization,
        inviter=f"{name} ({address})" if name else address,
        role=offer.get_role_display(),
        expires_at=offer.expires_at,
        url=letters.page("organization_join", token),
    )


def role_changed(member: Membership) -> None:
    letters.send(
        template="organizations/email/role_changed",
        to=member.user.email,
        organization=member.organization,
        role=member.get_role_display(),
        url=letters.page("organization", member.organization.slug),
    )


def removed(member: Membership) -> None:
    letters.send(
        template="organizations/email/removed", to=member.user.email, organization=member.organization
    )
