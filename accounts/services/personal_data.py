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
from django.db.models import F, Model, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit, life
from accounts.models import (
    ApiKey,
    AppGrant,
    AuditEvent,
    AuthenticatorHistory,
    Customer,
    CustomerHistory,
    CustomerStatusChange,
    DeviceMark,
    EmailAddressHistory,
    FactorReset,
    Invitation,
    Membership,
    MembershipHistory,
    Notification,
    NotificationDelivery,
    NotificationPreference,
    NotificationSettings,
    Profile,
    ProfileHistory,
    Referral,
    ReferralBonus,
    ReferralCode,
    Session,
    User,
    UserHistory,
)
from accounts.security_events import WORDS
from accounts.services.kyc import own_data as kyc
from core.actors import acting_as, acting_as_service
from core.errors import DomainError
from core.history import fields_of
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
    # Of what others did to the account neither who nor from where is told, nor why: as on the page of events.
    told = AuditEvent.objects.filter(
        target_type=User._meta.label_lower, target_id=str(user.pk), action__in=WORDS
    )
    yield "done_to_your_account", _rows(told.exclude(actor_id=user.pk), "action", "recorded_at")
    yield "earlier_values", _earlier_values(user)
    yield "notices", _rows(Notification.objects.filter(user=user), "event", "data", "created_at", "read_at")
    yield "notices_sent", _rows(NotificationDelivery.objects.filter(user=user), *DELIVERY)
    yield (
        "notice_preferences",
        _rows(NotificationPreference.objects.filter(user=user), "kind", "channel", "wanted"),
    )
    yield (
        "notice_settings",
        NotificationSettings.objects.filter(user=user).values(
            "quiet_from", "quiet_until", "zone", daily_mail=F("digest"), daily_mail_hour=F("digest_hour")
        ),
    )
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
        SocialAccount.objects.filter(user=user)
        .order_by("pk")
        .values("provider", "uid", "extra_data", "date_joined", "last_login"),
    )
    yield "connected_apps", _rows(AppGrant.objects.filter(user=user), *GRANT)
    yield "api_keys_made", _rows(ApiKey.objects.filter(created_by=user), *KEY)
    yield "invitations_sent", _rows(Invitation.objects.filter(invited_by=user), *INVITATION)
    yield "invitations_received", _rows(Invitation.objects.filter(email=user.email), *INVITATION)
    yield from kyc.files(user)
    yield (
        "status_changes",
        CustomerStatusChange.objects.filter(customer_id=user.pk)
        .order_by("id")
        .values("from_status", "to_status", "at", "until"),
    )
    yield "devices", _rows(DeviceMark.objects.filter(user=user), "seen_at")
    yield "referral_code", _rows(ReferralCode.objects.filter(user=user), "code", "visits", "created_at")
    yield "referrals", _rows(Referral.objects.filter(referrer=user), *REFERRAL)
    yield "referral_bonuses", _rows(ReferralBonus.objects.filter(beneficiary=user), *BONUS)
    yield "factor_resets", _rows(FactorReset.objects.filter(target=user), "state", "asked_at", "decided_at")


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
DELIVERY = ("notification__event", "channel", "state", "error", "sent_at")
GRANT = ("client__name", "scopes", "granted_at", "last_used_at", "revoked_at")
KEY = (
    *("name", "organization__name", "mode", "scopes", "allowed_networks", "last_four"),
    *("created_at", "last_used_at", "expires_at", "revoked_at"),
)
INVITATION = (
    *("organization__name", "email", "role", "created_at"),
    *("expires_at", "accepted_at", "withdrawn_at"),
)
# Of whoever they invited as much as their page shows.
REFERRAL = ("shown_as", "state", "told", "program__name", "invited_at", "joined_at", "qualified_at")
BONUS = ("level", "amount", "currency", "state", "reason", "posting_id", "settled_at")
# What a person's rows were before, and the column by which a history tells whose they are.
HISTORIES: tuple[tuple[type[Model], str], ...] = (
    (UserHistory, "pgh_obj"),
    (CustomerHistory, "pgh_obj"),
    (ProfileHistory, "pgh_obj"),
    (EmailAddressHistory, "user"),
    (AuthenticatorHistory, "user"),
    (MembershipHistory, "user"),
)
EVENT = ("action", "target_type", "target_id", "data", "ip", "user_agent", "recorded_at")


def _rows(rows: QuerySet[Any], *fields: str) -> Iterator[dict[str, Any]]:
    return rows.order_by("pk").values(*fields).iterator(chunk_size=500)


def _earlier_values(user: User) -> Iterator[dict[str, Any]]:
    for history, whose in HISTORIES:
        kept = [field.attname for field in fields_of(history)]
        rows = history._default_manager.filter(**{whose: user.pk}).order_by("pk")
        table = str(history._meta.get_field("pgh_obj").related_model._meta.verbose_name)  # type: ignore[union-attr]
        for row in rows.values("pgh_created_at", "pgh_label", *kept).iterator(chunk_size=500):
            yield {"of": table, "at": row.pop("pgh_created_at"), "what": row.pop("pgh_label"), **row}


def _profile(user: User) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": user.pk,
        "email": user.email,
        "role": user.role,
        "joined_at": user.created_at,
        "last_login": user.last_login,
        "user_metadata": user.user_metadata,
        "app_metadata": user.app_metadata,
        "new_email": user.new_email,
        "email_confirmed_at": user.email_confirmed_at,
        "banned_until": user.banned_until,
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
            "lock_reason": customer.lock_reason,
            "locked_at": customer.locked_at,
            "closed_at": customer.closed_at,
        }
    return facts
