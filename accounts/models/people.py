"""One person is a User (how they sign in), and if they bank with us a Customer and a Profile, made together."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from core.masking import masked_email

AVATARS = "avatars"
HANDLE = r"^[a-z][a-z0-9_]{2,29}$"


class Role(models.TextChoices):
    USER = "USER", _("Customer")
    AGENT = "AGENT", _("Agent")
    ADMIN = "ADMIN", _("Administrator")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())

    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        """Make an administrator from the command line; everyone else comes through `accounts.services`."""
        user = self.model(email=email.lower(), role=Role.ADMIN, is_superuser=True, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A way in: an e-mail address and a role. The address is stored in lower case and belongs to one user."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.USER)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # What apps keep with a person: `user_metadata` is theirs to change, `app_metadata` only the service's.
    user_metadata = models.JSONField(default=dict, blank=True)
    app_metadata = models.JSONField(default=dict, blank=True)
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    invited_at = models.DateTimeField(null=True, blank=True)
    confirmation_sent_at = models.DateTimeField(null=True, blank=True)
    recovery_sent_at = models.DateTimeField(null=True, blank=True)
    reauthentication_sent_at = models.DateTimeField(null=True, blank=True)
    new_email = models.EmailField(max_length=254, blank=True)
    email_change_sent_at = models.DateTimeField(null=True, blank=True)
    banned_until = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
        ]
        permissions = [
            ("freeze_customer", _("Can restrict and freeze a customer, and lift that")),
            ("end_sessions", _("Can end a person's sessions")),
            ("reset_factors", _("Can ask for and decide on a reset of second factors")),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def display_name(self) -> str:
        """The name others see; empty for staff made from the command line, who have none."""
        profile = getattr(self, "profile", None)
        return profile.display_name if profile else ""

    @property
    def staff_name(self) -> str:
        """As much of the address as staff see without asking for it."""
        return masked_email(self.email)

    @property
    def avatar_url(self) -> str:
        profile = getattr(self, "profile", None)
        return profile.avatar_url if profile else ""

    def is_barred(self, at: datetime) -> bool:
        """Whether this person may not come in, on any face: banned, removed or closed."""
        banned = self.banned_until is not None and self.banned_until > at
        return banned or not self.is_active or self.deleted_at is not None

    @property
    def is_staff(self) -> bool:
        return self.role in (Role.AGENT, Role.ADMIN)


class Customer(models.Model):
    """What we know of a person who banks with us. Tiers 1 to 3 say how much they may hold and move.

    `status` says what may go in and out (`accounts.services.status`). `lock_reason` says who may lift the owner's own
    lock: its owner, once `recovered_at` says that the password was replaced by a mailed link, or only staff.
    """

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        NO_DEBIT = "NO_DEBIT", _("Nothing goes out")
        NO_CREDIT = "NO_CREDIT", _("Nothing comes in")
        FROZEN = "FROZEN", _("Frozen")
        LOCKED = "LOCKED", _("Locked by its owner")
        CLOSED = "CLOSED", _("Closed")

    class LockReason(models.TextChoices):
        REPORTED = "REPORTED", _("Reported by its owner")
        DOUBTFUL = "DOUBTFUL", _("Reported, and lifted by staff alone")

    SENDING = ("ACTIVE", "NO_CREDIT")
    RECEIVING = ("ACTIVE", "NO_DEBIT")

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.ACTIVE)
    lock_reason = models.CharField(max_length=8, choices=LockReason.choices, blank=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    recovered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    tier = models.PositiveSmallIntegerField(default=1)
    phone = models.CharField(max_length=16, blank=True, validators=[RegexValidator(r"^\+[1-9]\d{6,14}$")])
    date_of_birth = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            models.Index(
                fields=["lock_reason"], condition=~models.Q(lock_reason=""), name="customer_locked_why"
            ),
            models.Index(fields=["status"], condition=~models.Q(status="ACTIVE"), name="customer_restricted"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(tier__range=(1, 3)), name="customer_tier_known"),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["ACTIVE", "NO_DEBIT", "NO_CREDIT", "FROZEN", "LOCKED", "CLOSED"]
                ),
                name="customer_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(lock_reason="") | models.Q(status="LOCKED"),
                name="customer_lock_reason_of_lock",
            ),
            models.UniqueConstraint(
                fields=["phone"], condition=~models.Q(phone=""), name="customer_phone_unique"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class Profile(models.Model):
    """How a person is shown to others: a handle to be found by, a name, and a picture if they chose one.

    `avatar` is what the picture is called in the bucket `avatars`: chance, and another one for each picture, so that
    its address names nobody and never changes what it shows.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True)
    handle = models.CharField(max_length=30, unique=True, validators=[RegexValidator(HANDLE)])
    display_name = models.CharField(max_length=80)
    avatar = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        permissions = [("reveal_personal", "Can see how to reach a person, and their date of birth")]
        constraints = [
            models.CheckConstraint(condition=models.Q(handle__regex=HANDLE), name="profile_handle_form")
        ]

    def __str__(self) -> str:
        return f"@{self.handle}"

    @property
    def avatar_url(self) -> str:
        return address_of_avatar(self.avatar)


def address_of_avatar(name: str) -> str:
    """Return where a browser finds a picture by what it is called; nothing where there is none."""
    return f"/storage/v1/object/public/{AVATARS}/{name}" if name else ""
