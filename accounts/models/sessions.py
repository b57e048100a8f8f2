from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from core.ids import uuid7


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User) -> "SessionQuerySet":
        return self.filter(user_id=user.pk)

    def live(self) -> "SessionQuerySet":
        return self.filter(ended_at=None)


class Session(models.Model):
    """One sign-in, by whichever face: a browser on our pages, or an app on `/auth/v1`.

    `methods` is how the person proved who they are, newest first: `[{"method": "totp", "timestamp": 1795343548}, …]`
    in the words of the `amr` claim. `generation` counts the refresh tokens of the session.
    """

    class Face(models.TextChoices):
        PAGES = "PAGES", _("Browser")
        APP = "APP", _("App")

    class Level(models.TextChoices):
        ONE = "aal1", _("One factor")
        TWO = "aal2", _("Two factors")

    class Reason(models.TextChoices):
        SIGNED_OUT = "SIGNED_OUT", _("Signed out")
        ENDED = "ENDED", _("Ended from another device")
        PASSWORD_CHANGED = "PASSWORD_CHANGED", _("Password changed")
        FACTOR_CHANGED = "FACTOR_CHANGED", _("Second factor changed")
        TOKEN_REUSED = "TOKEN_REUSED", _("A refresh token was used twice")
        REPORTED = "REPORTED", _("Reported by its owner")
        FROZEN = "FROZEN", _("Account frozen")
        CLOSED = "CLOSED", _("Account closed")
        STAFF = "STAFF", _("Ended by staff")
        EXPIRED = "EXPIRED", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins", db_index=False)
    face = models.CharField(max_length=5, choices=Face.choices)
    level = models.CharField(max_length=4, choices=Level.choices, default=Level.ONE)
    methods = models.JSONField(default=list)
    user_agent = models.CharField(max_length=400, blank=True)
    ip = models.GenericIPAddressField(null=True)
    last_ip = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    refreshed_at = models.DateTimeField(null=True)
    generation = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [
            models.Index(fields=["user", "-id"], name="session_of_user"),
            models.Index(
                fields=["last_ip", "-id"], condition=models.Q(last_ip__isnull=False), name="session_from"
            ),
            models.Index(
                fields=["ended_at"], condition=models.Q(ended_at__isnull=False), name="session_ended"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at=None, end_reason="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(end_reason="")),
                name="session_end_has_reason",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class BrowserSession(AbstractBaseSession):
    """Django's session rows, each knowing the sign-in it belongs to: ending that deletes them, at once and for good."""

    sign_in = models.ForeignKey(
        Session, null=True, on_delete=models.CASCADE, db_constraint=False, related_name="browsers"
    )

    class Meta(AbstractBaseSession.Meta):
        db_table = "accounts_browsersession"

    @classmethod
    def get_session_store_class(cls) -> type:
        from accounts.browser_sessions import SessionStore

        return SessionStore


class RefreshToken(models.Model):
    """One generation of a session's refresh tokens. The token itself can be made again from session and generation with
    the server's key; of what was given out only a keyed hash is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="refresh_tokens", db_index=False
    )
    generation = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("refresh token")
        verbose_name_plural = _("refresh tokens")
        constraints = [
            models.UniqueConstraint(fields=["session", "generation"], name="refresh_token_generation")
        ]

    def __str__(self) -> str:
        return f"{self.session_id}/{self.generation}"


class SigningKey(models.Model):
    """A key that signs access tokens. The newest active one signs; every one that is not retired verifies."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    algorithm = models.CharField(max_length=5, choices=[("ES256", "ES256"), ("RS256", "RS256")])
    private_key = models.TextField()
    public_jwk = models.JSONField()
    created_at = models.DateTimeField()
    signs_from = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")

    def __str__(self) -> str:
        return str(self.id)
