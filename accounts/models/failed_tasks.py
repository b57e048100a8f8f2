from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from core.ids import uuid7


class FailedTask(models.Model):
    """Work in the background that broke and is not tried again by itself, for staff to look at and run again.

    What it was called with is sealed: it may be a letter. The same work that breaks again is counted on the same row
    for as long as nobody has dealt with it.
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("Waiting for staff")
        RUN_AGAIN = "RUN_AGAIN", _("Run again")
        DISMISSED = "DISMISSED", _("Left")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    arguments = models.TextField()
    arguments_index = models.CharField(max_length=64)
    named = models.CharField(max_length=300, blank=True)
    error = models.CharField(max_length=500)
    times = models.PositiveIntegerField(default=1)
    failed_at = models.DateTimeField()
    last_failed_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    dealt_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    dealt_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("failed task")
        verbose_name_plural = _("failed tasks")
        permissions = [("run_task_again", _("Can run a failed task again"))]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "arguments_index"], condition=Q(state="OPEN"), name="failed_task_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="OPEN", dealt_at=None, dealt_by=None)
                | (~Q(state="OPEN") & Q(dealt_at__isnull=False, dealt_by__isnull=False)),
                name="failed_task_dealt_with",
            ),
        ]

    def __str__(self) -> str:
        return self.name
