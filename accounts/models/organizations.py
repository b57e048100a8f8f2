"""Organisations, who belongs to them, and the keys by which their programs call the API."""

from datetime import datetime

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from core.actors import OrganizationCaller
from core.ids import uuid7

SLUG = r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$"


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def visible_to(self, user: User | OrganizationCaller) -> "OrganizationQuerySet":
        """Those that a person belongs to; to an organisation's own program, that one."""
        if isinstance(user, OrganizationCaller):
            return self.filter(pk=user.pk)
        return self.filter(memberships__user=user)

    def open(self) -> "OrganizationQuerySet":
        return self.filter(closed_at=None)


class Organization(models.Model):
    """A company or group whose members act for it. `slug` stands in addresses and never changes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    slug = models.CharField(max_length=40, unique=True, validators=[RegexValidator(SLUG)])
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.CheckConstraint(condition=models.Q(slug__regex=SLUG), name="organization_slug_form")
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What a person is in an organisation. While it is open there is an owner; a closed one has no members."""

    class Role(models.TextChoices):
        OWNER = "OWNER", _("Owner")
        ADMIN = "ADMIN", _("Administrator")
        MEMBER = "MEMBER", _("Member")

    # Who may manage the organisation's keys.
    MANAGERS = (Role.OWNER, Role.ADMIN)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=6, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["OWNER", "ADMIN", "MEMBER"]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"

    @property
    def owns(self) -> bool:
        return self.role == Membership.Role.OWNER

    @property
    def manages(self) -> bool:
        """Whether they invite and remove people, and see invitations and keys."""
        return self.role in (Membership.Role.OWNER, Membership.Role.ADMIN)

    def may_decide_on(self, role: str) -> bool:
        """Whether they may give this role, or take it away: an owner any, an administrator only a member's."""
        return self.owns or (self.manages and role == Membership.Role.MEMBER)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def standing(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; the time to accept may have passed."""
        return self.filter(accepted_at=None, withdrawn_at=None)


class Invitation(models.Model):
    """An offer, by mail, to join. Only a keyed hash of the mailed token is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=6, choices=Membership.Role.choices)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} {self.role}"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, user: User) -> "ApiKeyQuerySet":
        """The keys of the organisations that this person manages, without what only the service may read."""
        managed = Membership.objects.filter(user_id=user.pk, role__in=Membership.MANAGERS).values(
            "organization"
        )
        return self.filter(organization__in=managed).defer("digest")

    def live(self, at: datetime) -> "ApiKeyQuerySet":
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=at), revoked_at=None)


class ApiKey(models.Model):
    """A key of an organisation: what it may do, from where, until when. Only a keyed hash of the key itself is kept."""

    class Mode(models.TextChoices):
        TEST = "TEST", _("Test")
        LIVE = "LIVE", _("Live")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    scopes = models.JSONField(default=list)
    # Networks (`203.0.113.0/24`) from which it may be used; empty: from anywhere.
    allowed_networks = models.JSONField(default=list)
    digest = models.CharField(max_length=64, unique=True)
    last_four = models.CharField(max_length=4)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # The key made in its place, when it was rolled; the old one then expires at the time chosen.
    replaced_by = models.OneToOneField("self", null=True, on_delete=models.SET_NULL, related_name="replaces")

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(condition=models.Q(mode__in=["TEST", "LIVE"]), name="api_key_mode_known")
        ]

    def __str__(self) -> str:
        return f"{self.name} …{self.last_four}"

    def is_live(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)
