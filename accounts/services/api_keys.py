"""An organisation's API keys: made, rolled, changed and revoked by its owners and administrators.

A key stands in clear only in what `make` and `roll` return. Each change takes effect with its commit, since every
request looks its key up (`auth.api_key`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import api_keys, audit, letters, organization_events
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
        organization_events.key_created(made.key)
        _tell_owners("live_key_made", made.key, by, at)
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
        organization_events.key_rolled(old, made.key)
        _tell_owners("live_key_made", made.key, by, at)
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
        if before.keys() - {"name"}:
            _tell_owners("live_key_changed", key, by, at)
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
            organization_events.key_revoked(key)
    return key


def revoke_made_by(*, user: User, reason: str, at: datetime) -> int:
    """End every key that a person made or rolled, in whatever organisation: somebody else may have used their account.

    Return how many ended now. The organisations' owners are told by mail, since their programs stop.
    """
    with acting_as_service():
        theirs = Organization.objects.filter(
            Q(memberships__user=user)
            | Q(pk__in=ApiKey.objects.filter(created_by=user).values("organization"))
        )
        # As whoever makes or rolls a key does: one that is being made just now is waited for, and ends too.
        locked = Organization.objects.select_for_update().filter(pk__in=theirs.values("pk")).order_by("pk")
        organizations = {organization.pk: organization for organization in locked}
        made = ApiKey.objects.select_for_update().filter(created_by=user, revoked_at=None)
        keys = [key for key in made.order_by("pk") if key.is_live(at)]
        ApiKey.objects.filter(pk__in=[key.pk for key in keys]).update(revoked_at=at)
        for key in keys:
            audit.record(
                action="accounts.api_key.revoked",
                target=key,
                actor_id=user.pk,
                organization=str(key.organization_id),
                reason=reason,
            )
            organization_events.key_revoked(key)
        for organization_id in sorted({key.organization_id for key in keys}):
            organization = organizations[organization_id]
            ended = [key for key in keys if key.organization_id == organization_id]
            for address in _addresses_of_owners(organization):
                letters.send(
                    template="api_keys/email/keys_revoked",
                    to=address,
                    keys=ended,
                    organization=organization,
                    maker=user.email,
                    at=at,
                    keys_url=letters.page("api_keys", organization.slug),
                )
    return len(keys)


def note_use(*, key_id: UUID, at: datetime) -> None:
    """Write when a key was last used."""
    with acting_as_service():
        ApiKey.objects.filter(pk=key_id).update(last_used_at=at)


def _locked(organization_id: UUID, by: User) -> Organization:
    """The organisation, locked, which `by` manages. To others it is as unknown as none."""
    organization = Organization.objects.select_for_update().filter(pk=organization_id, closed_at=None).first()
    # Asked under the lock: whoever was removed meanwhile manages nothing.
    theirs = Membership.objects.filter(organization=organization_id, user=by)
    role = theirs.values_list("role", flat=True).first()
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
    """The name on one line: it goes into mails to the owners."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise KeyInvalid(_("A name has 1 to 60 characters."), field="name")
    return name


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


def _tell_owners(letter: str, key: ApiKey, by: User, at: datetime) -> None:
    """A live key moves money: every owner hears of a new one, and of what one may now do and from where."""
    if key.mode == ApiKey.Mode.LIVE:
        for address in _addresses_of_owners(key.organization):
            letters.send(
                template=f"api_keys/email/{letter}",
                to=address,
                key=key,
                organization=key.organization,
                may=[words for scope, words in all_scopes().items() if scope in key.scopes],
                by=by.email,
                at=at,
            )


def _addresses_of_owners(organization: Organization) -> list[str]:
    owners = organization.memberships.filter(role=Membership.Role.OWNER, user__is_active=True)
    return list(owners.order_by("pk").values_list("user__email", flat=True))
