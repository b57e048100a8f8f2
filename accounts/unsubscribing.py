"""Links by which somebody switches off a kind of mail, whoever is logged in: signed, and good for nothing else."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner

from accounts import letters
from accounts.models.notices import OUTSIDE
from accounts.notice_kinds import KINDS

# All kinds that can be switched off: what the link of a daily mail is about.
ALL = "ALL"
SALT = "accounts.notices.unsubscribe"
# People clear out old mails too.
GOOD_FOR = timedelta(days=400)


@dataclass(frozen=True)
class Wish:
    """Whose mails of which kind (or ALL) a link is about, and by which channel they come."""

    user_id: UUID
    kind: str
    channel: str


class BadLink(ValueError):
    """Not a link of ours, or too old."""


def link(wish: Wish) -> str:
    return letters.page("notices_unsubscribe", token_of(wish))


def token_of(wish: Wish) -> str:
    signer = TimestampSigner(salt=SALT)
    return signer.sign_object([wish.user_id.hex, wish.kind, wish.channel])


def read(token: str) -> Wish:
    """Raises BadLink."""
    try:
        user, kind, channel = TimestampSigner(salt=SALT).unsign_object(token, max_age=GOOD_FOR)
        wish = Wish(UUID(user), str(kind), str(channel))
    except (BadSignature, ValueError, TypeError) as error:
        raise BadLink from error
    if wish.channel not in OUTSIDE or wish.kind not in (*KINDS, ALL):
        raise BadLink
    return wish
