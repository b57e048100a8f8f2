"""What people do with who they are: join, and be found by others."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Customer, Profile, User
from accounts.services.referrals import joining
from core.actors import acting_as_service
from core.errors import DomainError

# By what name an app sends it along in `user_metadata`.
REFERRAL_CODE = "referral_code"


class EmailTaken(DomainError):
    code = "email_taken"
    kind = "conflict"
    message = _("That e-mail address already has an account.")


class RecipientNotFound(DomainError):
    code = "recipient_not_found"
    kind = "not_found"
    message = _("We found nobody with that e-mail or handle.")


@dataclass(frozen=True)
class Recipient:
    """As much of another person as a sender may see."""

    user_id: UUID
    handle: str
    display_name: str
    avatar_url: str = ""


def register(*, user: User, display_name: str, referral_code: str = "") -> User:
    """Store a new user with its Profile and, unless they are staff, its Customer, all or none; raises EmailTaken.

    The code of whoever invited them comes with a form or a link, or in the metadata of an app; one that leads nowhere
    keeps nobody out.
    """
    with acting_as_service():
        user.email = user.email.lower()
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as error:
            raise EmailTaken from error
        if not user.is_staff:
            Customer.objects.create(user=user)
        _create_profile(user, display_name.strip())
        audit.record(action="accounts.user.registered", target=user, actor_id=user.id)
        code = referral_code or str(user.user_metadata.get(REFERRAL_CODE) or "")
        if code and not user.is_staff:
            joining.attach(user=user, display_name=display_name, code=code, at=timezone.now())
    return user


def find_recipient(*, text: str) -> Recipient:
    """Find an active customer by exact handle (with or without @) or e-mail address.

    Only an address its owner has confirmed counts: whoever signs up with another's must not receive what is meant for
    them. Raises RecipientNotFound.
    """
    wanted = text.strip().lower().removeprefix("@")
    if not wanted or not wanted.isprintable():
        raise RecipientNotFound
    confirmed = Q(user__emailaddress__email=wanted, user__emailaddress__verified=True)
    with acting_as_service():
        profile = (
            Profile.objects.filter(confirmed if "@" in wanted else Q(handle=wanted))
            .filter(user__is_active=True, user__customer__status=Customer.Status.ACTIVE)
            .first()
        )
    if profile is None:
        raise RecipientNotFound
    return Recipient(profile.user_id, profile.handle, profile.display_name, profile.avatar_url)


def _create_profile(user: User, display_name: str) -> Profile:
    """A profile with a handle made from the name (`Ọlá Obi`: `ola_obi`), with digits where that is taken."""
    plain = unicodedata.normalize("NFKD", display_name).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:24].rstrip("_")
    if not re.match(r"^[a-z][a-z0-9_]{2,}$", base):
        base = f"saver_{base}"[:24].rstrip("_")
    for handle in (base, *(f"{base}_{secrets.randbelow(100_000)}" for attempt in range(5))):
        try:
            with transaction.atomic():
                return Profile.objects.create(user=user, display_name=display_name, handle=handle)
        except IntegrityError:
            continue
    return Profile.objects.create(user=user, display_name=display_name, handle=f"saver_{user.id.hex[-20:]}")
