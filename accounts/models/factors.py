from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from accounts.models.sessions import Session
from core.ids import uuid7


class PendingFactor(models.Model):
    """A second factor that somebody began to set up and has not proven yet. allauth keeps only the proven ones.

    `secret` is the sealed seed of an authenticator app; a passkey brings its key with its proof.
    """

    class Kind(models.TextChoices):
        TOTP = "totp", _("Authenticator app")
        WEBAUTHN = "webauthn", _("Passkey")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="pending_factors")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=64, blank=True)
    secret = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("second factor being set up")
        verbose_name_plural = _("second factors being set up")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="totp") ^ models.Q(secret=""), name="pending_factor_app_has_secret"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class FactorChallenge(models.Model):
    """A question to one factor, put to one session: answered from the same address, in time, and once.

    `state` is what the answer of a passkey is checked against.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="factor_challenges")
    factor_id = models.UUIDField()
    state = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("question to a second factor")
        verbose_name_plural = _("questions to second factors")

    def __str__(self) -> str:
        return str(self.id)
