"""What a person let an app of a third party do, and the refresh tokens that app has used up."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7


class AppGrant(models.Model):
    """One person's word to one app. Its tokens are rows of `allauth.idp.oidc` and end with it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="app_grants", db_index=False
    )
    client = models.ForeignKey(
        "allauth_idp_oidc.Client", models.CASCADE, related_name="grants", db_index=False
    )
    scopes = models.JSONField(default=list)
    granted_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("connected app")
        verbose_name_plural = _("connected apps")
        constraints = [models.UniqueConstraint(fields=["user", "client"], name="app_grant_of_user")]
        indexes = [models.Index(fields=["client"], name="app_grant_of_client")]

    def __str__(self) -> str:
        return f"{self.client_id} for {self.user_id}"


class SpentAppToken(models.Model):
    """A refresh token that was exchanged: seen again, it has been stolen, or its successor has."""

    digest = models.CharField(primary_key=True, max_length=64)
    grant = models.ForeignKey(AppGrant, models.CASCADE, related_name="spent_tokens", db_index=False)
    spent_at = models.DateTimeField()

    class Meta:
        verbose_name = _("spent app token")
        verbose_name_plural = _("spent app tokens")
        indexes = [models.Index(fields=["grant", "spent_at"], name="spent_app_token_of_grant")]

    def __str__(self) -> str:
        return f"spent by {self.grant_id}"
