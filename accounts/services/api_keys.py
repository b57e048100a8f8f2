"""An organisation's API keys: made, rolled, changed and revoked by its owners and administrators.

A key stands in clear only in what `make` and `roll` return. Each change takes effect with its commit, since every
request looks its key up (`auth.api_key`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_network
from uuid import UUID

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from accounts import api_keys, audit, letters, tasks
from accounts.models import ApiKey, Membership, Organization, User
from core.actors import acting_as_service
from core.api.scopes import all_scopes
from core.errors import DomainError
from core.ids import uuid7

MOST_KEYS = 50
MOST_NETWORKS = 20
OVERLAPS = (timedelta(0), timedelta(hours=1), timedelta(hours=24), timedelta(days=7))


class NotAManager(DomainError):
    code = "not_a_manager"
    kind = "forbidden"
    message = _("Only owners and administrators of the organisation manage its API keys.")


class KeyNotFound(DomainError):
    code = "api_key_not_found"
    kind = "not_found"
    message = _("There is no such API key.")


class KeyEnded(DomainError):
    code = "api_key_ended"
    kind = "conflict"
    message = _("This key was revoked or has expired. Make a new one.")


class KeyAlreadyMade(DomainError):
    code = "api_key_already_made"
    kind = "conflict"
    message = _(
        "This form was sent before, and its key was shown then. If you did not copy it, roll the key to get a new one."
    )


class KeyAlreadyRolled(DomainError):
    code = "api_key_already_rolled"
    kind = "conflict"
    message = _("This key was rolled before. Roll the one that replaced it.")


class TooManyKeys(DomainError):
    code = "too_many_api_keys"
    kind = "conflict"
    message = _("The organisation has 50 keys in use. Revoke one that it does not need.")


class KeyInvalid(DomainError):
    """A name, scope, network or date that a key cannot have; `data["field"]` says which."""

    code = "api_key_invalid"
    message = _("A key cannot have this.")
    public = ("field",)


@dataclass(frozen=True)
class Made:
    """A new key and, this once, what it is."""

    key: ApiKey
    secret: str


def make(
    *,
    organization_id: UUID,
    by: User,
    name: str,
    mode: str,
    scopes: Iterable[str],
    at: datetime,
    expires_at: datetime | None = None,
    networks: Iterable[str] = (),
    key_id: UUID | None = None,
) -> Made:
    """Make a key. `key_id` names the wish, so that a form sent twice makes one.

    Raises KeyNotFound, NotAManager, KeyInvalid, KeyAlreadyMade, TooManyKeys.
    """
    facts = {"name": _name(name), "scopes": _scopes(scopes), "allowed_networks": _networks(networks)}
    if mode not in ApiKey.Mode.values:
        raise KeyInvalid(field="mode")
    if expires_at is not None and expires_at <= at:
        raise KeyInvalid(_("Choose a time that is still to come."), field="expires_at")
    with acting_as_service():
        organization = _locked(organization_id, by)
        if key_id and ApiKey.objects.filter(pk=key_id).exists():
            raise KeyAlreadyMade
        _refuse_if_full(organization, at, leaving=0)
        key = ApiKey(id=key_id or uuid7(), mode=mode, created_at=at, expires_at=expires_at, **facts)
        made = _create(key, organization, by)
        audit.record(
            action="accounts.api_key.made",
            target=made.key,
            actor_id=by.pk,
            organization=str(organization.pk),
            mode=mode,
            scopes=made.key.scopes,
            networks=made.key.allowed_networks,
            expires_at=expires_at.isoformat() if expires_at else None,
        )
        _tell_owners(made.key, by, at)
    return made


def roll(*, key_id: UUID, by: User, overlap: timedelta, at: datetime) -> Made:
    """Make a key with the settings of this one, which ends when `overlap` is over, or sooner if it was to.

    The new one is good for as long as this one was made for. Raises KeyNotFound, NotAManager, KeyEnded,
    KeyAlreadyRolled, KeyInvalid, TooManyKeys.
    """
    if overlap not in OVERLAPS:
        raise KeyInvalid(field="overlap")
    with acting_as_service():
        old = _locked_key(key_id, by)
        if old.replaced_by_id:
            raise KeyAlreadyRolled
        if not old.is_live(at):
            raise KeyEnded
        _refuse_if_full(old.organization, at, leaving=0 if overlap else 1)
        lasts = old.expires_at - old.created_at if old.expires_at else None
        new = ApiKey(
            name=old.name,
            mode=old.mode,
            scopes=old.scopes,
            allowed_networks=old.allowed_networks,
            created_at=at,
            expires_at=at + lasts if lasts else None,
        )
        made = _create(new, old.organization, by)
        ends = at + overlap
        old.expires_at = min(old.expires_at, ends) if old.expires_at else ends
        old.replaced_by = made.key
        old.save(update_fields=["expires_at", "replaced_by"])
        audit.record(
            action="accounts.api_key.rolled",
            target=old,
            actor_id=by.pk,
            organization=str(old.organization_id),
            replaced_by=str(made.key.pk),
            expires_at=old.expires_at.isoformat(),
        )
        _tell_owners(made.key, by, at)
    return made


def change(
    *, key_id: UUID, by: User, name: str, scopes: Iterable[str], networks: Iterable[str], at: datetime
) -> ApiKey:
    """Give a key another name, scopes and networks. Raises KeyNotFound, NotAManager, KeyEnded, KeyInvalid."""
    facts = {"name": _name(name), "scopes": _scopes(scopes), "allowed_networks": _networks(networks)}
    with acting_as_service():
        key = _locked_key(key_id, by)
        if not key.is_live(at):
            raise KeyEnded
        before = {field: getattr(key, field) for field in facts if getattr(key, field) != facts[field]}
        for field in before:
            setattr(key, field, facts[field])
        if before:
            key.save(update_fields=[*before])
            audit.record(
                action="accounts.api_key.changed",
                target=key,
                actor_id=by.pk,
                organization=str(key.organization_id),
                before=before,
                after={field: facts[field] for field in before},
            )
    return key


def revoke(*, key_id: UUID, by: User, at: datetime) -> ApiKey:
    """End a key at once; one that has ended stays as it is. Raises KeyNotFound, NotAManager."""
    with acting_as_service():
        key = _locked_key(key_id, by)
        if key.revoked_at is None:
            key.revoked_at = at
            key.save(update_fields=["revoked_at"])
            audit.record(
                action="accounts.api_key.revoked",
                target=key,
                actor_id=by.pk,
                organization=str(key.organization_id),
            )
    return key


def revoke_made_by(*, user: User, reason: str, at: datetime) -> int:
    """End every key in use that a person made, for whichever organisation; return how many ended now.

    The owners of each organisation are told which.
    """
    with acting_as_service():
        in_use = ApiKey.objects.live(at).filter(created_by=user)
        firms = Organization.objects.select_for_update().filter(pk__in=in_use.values("organization"))
        ended = 0
        for organization in list(firms.order_by("pk")):
            keys = list(in_use.select_for_update().filter(organization=organization).order_by("pk"))
            for key in keys:
                key.revoked_at = at
                key.save(update_fields=["revoked_at"])
                audit.record(
                    action="accounts.api_key.revoked",
                    target=key,
                    actor_id=user.pk,
                    organization=str(organization.pk),
                    reason=reason,
                )
            if keys:
                _tell_of_revoked(organization, keys, user, at)
            ended += len(keys)
    return ended


def note_use(*, key_id: UUID, at: datetime) -> None:
    """Write when a key was last used."""
    with acting_as_service():
        ApiKey.objects.filter(pk=key_id).update(last_used_at=at)


def _locked(organization_id: UUID, by: User) -> Organization:
    """The organisation, locked, which `by` manages. To others it is as unknown as none."""
    organization = Organization.objects.select_for_update().filter(pk=organization_id, closed_at=None).first()
    theirs = Membership.objects.filter(organization=organization_id, user=by)
    role = theirs.values_list(
        "role", flat=True
    ).first()  # under the lock: whoever is removed now manages nothing
    if organization is None or role is None:
        raise KeyNotFound
    if role not in Membership.MANAGERS:
        raise NotAManager
    return organization


def _locked_key(key_id: UUID, by: User) -> ApiKey:
    found = ApiKey.objects.filter(pk=key_id).values_list("organization_id", flat=True).first()
    if found is None:
        raise KeyNotFound
    organization = _locked(found, by)
    key = ApiKey.objects.select_for_update().get(pk=key_id)
    key.organization = organization
    return key


def _create(key: ApiKey, organization: Organization, by: User) -> Made:
    secret = api_keys.new_key(key.mode)
    key.organization, key.created_by = organization, by
    key.digest, key.last_four = api_keys.digest_of(secret), secret[-4:]
    key.save(force_insert=True)
    return Made(key, secret)


def _refuse_if_full(organization: Organization, at: datetime, *, leaving: int) -> None:
    if organization.api_keys.live(at).count() - leaving >= MOST_KEYS:
        raise TooManyKeys


def _name(name: str) -> str:
    if not 1 <= len(name.strip()) <= 60:
        raise KeyInvalid(_("A name has 1 to 60 characters."), field="name")
    return name.strip()


def _scopes(scopes: Iterable[str]) -> list[str]:
    wanted, known = {*scopes}, all_scopes()
    if not wanted <= known.keys():
        raise KeyInvalid(_("There is no such scope."), field="scopes")
    return [scope for scope in known if scope in wanted]


def _networks(networks: Iterable[str]) -> list[str]:
    """Networks in their plain form: without bits beyond the mask, IPv4 as IPv4."""
    found: list[str] = []
    for text in networks:
        try:
            network = ip_network(text.strip(), strict=False)
            if network.version == 6 and network.network_address.ipv4_mapped and network.prefixlen >= 96:
                network = ip_network(f"{network.network_address.ipv4_mapped}/{network.prefixlen - 96}")
        except ValueError:
            message = _("“%(text)s” is no address or network such as 203.0.113.0/24.")
            raise KeyInvalid(message % {"text": text.strip()[:60]}, field="networks") from None
        if str(network) not in found:
            found.append(str(network))
    if len(found) > MOST_NETWORKS:
        raise KeyInvalid(_("A key has 20 networks at most."), field="networks")
    return found


def _tell_owners(key: ApiKey, by: User, at: datetime) -> None:
    """A live key moves money: every owner hears of a new one, after the commit."""
    if key.mode != ApiKey.Mode.LIVE:
        return
    context = {"key": key, "organization": key.organization, "by": by.email, "at": at}
    place = "api_keys/email/live_key_made"
    letter = {
        "subject": render_to_string(f"{place}_subject.txt", context).strip(),
        "text": render_to_string(f"{place}_message.txt", context),
        "html": render_to_string(f"{place}_message.html", context),
    }
    owners = key.organization.memberships.filter(role=Membership.Role.OWNER).select_related("user")
    for owner in owners:
        send = partial(tasks.send_mail.delay, **letter, to=[owner.user.email])
        transaction.on_commit(send, robust=True)


def _tell_of_revoked(organization: Organization, keys: list[ApiKey], maker: User, at: datetime) -> None:
    """Programs of the organisation stop working: every owner hears why, after the commit."""
    owners = organization.memberships.filter(role=Membership.Role.OWNER, user__is_active=True)
    for owner in owners.select_related("user"):
        letters.send(
            template="api_keys/email/keys_revoked",
            to=owner.user.email,
            organization=organization,
            keys=keys,
            maker=maker.email,
            at=at,
            keys_url=letters.page("api_keys", organization.slug),
        )
