from django.db import models
from django.utils.translation import gettext_lazy as _


class SandboxDelivery(models.Model):
    """One webhook: the exact body, and every attempt to bring it (when, which copy, HTTP status or error).

    `about` is the reference or code of what it tells of, by which faults are narrowed to it.
    """

    class State(models.TextChoices):
        PENDING = "PENDING", _("On its way")
        HELD = "HELD", _("Held back for the next one")
        DELIVERED = "DELIVERED", _("Delivered")
        GIVEN_UP = "GIVEN_UP", _("Given up")
        DROPPED = "DROPPED", _("Dropped by a fault")

    about = models.CharField(max_length=100, blank=True, default="", db_index=True)
    # Whose webhook it is: empty for Paystack, which signs; the others have their own addresses.
    url = models.CharField(max_length=300, blank=True, default="")
    event = models.CharField(max_length=50)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    copies = models.PositiveSmallIntegerField(default=1)
    tries = models.PositiveSmallIntegerField(default=0)
    attempts = models.JSONField(default=list)
    next_attempt_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"
