"""Everything we keep about a person, as files they can take away."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit, life
from accounts.models import AuditEvent, Customer, Membership, Notification, Profile, Session, User
from core.actors import acting_as, acting_as_service
from core.errors import DomainError
from storage_app.models import Object

PER_DAY = 2
DAY = timedelta(days=1)
EXPORTED = "accounts.data.exported"


class TooManyExports(DomainError):
    code = "too_many_exports"
    kind = "limited"
    message = _("You can download your data twice a day. Please come back tomorrow.")


def count_export(*, user: User, at: datetime) -> None:
    """Count one export of a person's data, in the audit trail. Raises TooManyExports."""
    with acting_as_service():
        User.objects.select_for_update().get(pk=user.pk)
        done = AuditEvent.objects.filter(actor_id=user.pk, action=EXPORTED, recorded_at__gt=at - DAY)
        if done.count() >= PER_DAY:
            raise TooManyExports
        audit.record(action=EXPORTED, target=user, actor_id=user.pk)


def write_export(*, user: User) -> IO[bytes]:
    """Write a ZIP of JSON files to a nameless file on disk, row by row, and return it at its start.

    What upper apps add is read as the person, so that row security keeps it to what is theirs.
    """
    file = TemporaryFile()  # noqa: SIM115 - the caller sends it and closes it
    try:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            with acting_as_service():
                for name, rows in _files(user):
                    _write(archive, name, rows)
            with acting_as(user):
                for export in life.exporters:
                    for name, rows in export(user):
                        _write(archive, name, rows)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def chunks(file: IO[bytes], size: int = 64 * 1024) -> Iterator[bytes]:
    """Read a file to its end, piece by piece, and close it."""
    with file:
        while piece := file.read(size):
            yield piece


def _write(archive: ZipFile, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    with archive.open(f"{name}.json", "w", force_zip64=True) as member:
        member.write(b"[")
        for number, row in enumerate(rows):
            text = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
            member.write((",\n" if number else "\n").encode() + text.encode())
        member.write(b"\n]\n")


def _files(user: User) -> Iterator[life.File]:
    yield "profile", [_profile(user)]
    yield (
        "email_addresses",
        EmailAddress.objects.filter(user=user).order_by("pk").values("email", "verified", "primary"),
    )
    yield "sessions", _rows(Session.objects.filter(user=user), *SESSION)
    yield "security_events", _rows(AuditEvent.objects.filter(actor_id=user.pk), *EVENT)
    yield "notices", _rows(Notification.objects.filter(user=user), "event", "data", "created_at", "read_at")
    yield (
        "organisations",
        Membership.objects.filter(user=user)
        .order_by("pk")
        .values("organization__name", "organization__slug", "role", "created_at"),
    )
    # The files themselves are taken home from their own page.
    yield (
        "files",
        Object.objects.filter(owner=user)
        .order_by("pk")
        .values("bucket_id", "name", "version__size", "version__content_type", "created_at", "updated_at"),
    )
    # Neither the secrets of factors nor the tokens of linked accounts leave us.
    yield (
        "second_factors",
        Authenticator.objects.filter(user=user).order_by("pk").values("type", "created_at", "last_used_at"),
    )
    yield (
        "linked_accounts",
        SocialAccount.objects.filter(user=user).order_by("pk").values("provider", "uid", "date_joined"),
    )


SESSION = (
    "id",
    "face",
    "level",
    "user_agent",
    "ip",
    "last_ip",
    "created_at",
    "last_seen_at",
    "ended_at",
    "end_reason",
)
EVENT = ("action", "target_type", "target_id", "data", "ip", "user_agent", "recorded_at")


def _rows(rows: QuerySet[Any], *fields: str) -> Iterator[dict[str, Any]]:
    return rows.order_by("pk").values(*fields).iterator(chunk_size=500)


def _profile(user: User) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": user.pk,
        "email": user.email,
        "role": user.role,
        "joined_at": user.created_at,
        "last_login": user.last_login,
        "user_metadata": user.user_metadata,
    }
    with suppress(Profile.DoesNotExist):
        profile = Profile.objects.get(pk=user.pk)
        facts |= {"handle": profile.handle, "display_name": profile.display_name}
    with suppress(Customer.DoesNotExist):
        customer = Customer.objects.get(pk=user.pk)
        facts |= {
            "status": customer.status,
            "tier": customer.tier,
            "phone": customer.phone,
            "date_of_birth": customer.date_of_birth,
        }
    return facts
