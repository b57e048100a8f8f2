"""What is mailed to prove an address, and what an app changes for a session afterwards. Never kept in the clear."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from core.ids import uuid7


class OneTimeCodeQuerySet(models.QuerySet["OneTimeCode"]):
    def open(self, at: datetime) -> "OneTimeCodeQuerySet":
        """Codes that may still be used."""
        return self.filter(used_at=None, expires_at__gt=at, attempts__lt=OneTimeCode.MAX_ATTEMPTS)


class OneTimeCode(models.Model):
    """Six digits and a link, mailed together: whichever is used first uses up both. Only their keyed hashes are kept.

    `redirect_to` and the PKCE challenge are what the app asked for; `new_email` is set in a change of address.
    """

    MAX_ATTEMPTS = 5

    class Purpose(models.TextChoices):
        SIGNUP = "signup", _("Sign-up")
        MAGICLINK = "magiclink", _("Log in")
        RECOVERY = "recovery", _("New password")
        INVITE = "invite", _("Invitation")
        EMAIL_CHANGE_CURRENT = "email_change_current", _("Change of address, to the old one")
        EMAIL_CHANGE_NEW = "email_change_new", _("Change of address, to the new one")
        REAUTHENTICATION = "reauthentication", _("Confirm it is you")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="codes", db_index=False)
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    email = models.EmailField(max_length=254)
    code_digest = models.CharField(max_length=64)
    token_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    # None where the service was given the link to deliver itself.
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    redirect_to = models.TextField(blank=True)
    new_email = models.EmailField(max_length=254, blank=True)
    code_challenge = models.CharField(max_length=128, blank=True)
    code_challenge_method = models.CharField(max_length=5, blank=True)

    objects = OneTimeCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("one-time code")
        verbose_name_plural = _("one-time codes")
        indexes = [
            models.Index(fields=["user", "purpose"], name="code_of_user"),
            models.Index(fields=["email", "sent_at"], name="code_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class FlowState(models.Model):
    """A sign-in on its way back to the app that began it (PKCE): the code it is given, and the challenge that only the
    one who asked can answer. Lives minutes, serves once.
    """

    class Challenge(models.TextChoices):
        S256 = "s256", "S256"
        PLAIN = "plain", "plain"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=20)
    code_challenge = models.CharField(max_length=128)
    code_challenge_method = models.CharField(max_length=5, choices=Challenge.choices)
    auth_code_digest = models.CharField(max_length=64, null=True, unique=True)
    redirect_to = models.TextField(blank=True)
    # How the person proved who they are, in the words of the `amr` claim.
    method = models.CharField(max_length=30, blank=True)
    provider = models.CharField(max_length=60, blank=True)
    # The account elsewhere that the app asked to link, and by which session; linked once the app answers the challenge.
    linking = models.JSONField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sign-in under way")
        verbose_name_plural = _("sign-ins under way")

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"
