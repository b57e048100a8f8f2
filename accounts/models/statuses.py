"""How the status of a customer changed, and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Customer, User
from core.ids import uuid7


class CustomerStatusChange(models.Model):
    """That a customer's status changed: from when, why, and until when if it ends by itself. Never changed."""

    class Cause(models.TextChoices):
        STAFF = "STAFF", _("By staff")
        RULE = "RULE", _("By rule")
        OWNER = "OWNER", _("By the customer")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="status_changes", db_index=False
    )
    from_status = models.CharField(max_length=9, choices=Customer.Status.choices)
    to_status = models.CharField(max_length=9, choices=Customer.Status.choices)
    cause = models.CharField(max_length=5, choices=Cause.choices)
    reason_code = models.CharField(max_length=40)
    text = models.CharField(max_length=500, blank=True)  # for colleagues
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("change of a customer's status")
        verbose_name_plural = _("changes of customers' statuses")
        indexes = [
            models.Index(fields=["customer", "id"], name="status_change_of"),
            models.Index(
                fields=["until"], condition=models.Q(until__isnull=False), name="status_change_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"
