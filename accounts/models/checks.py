"""Questions to be asked about an application: each is asked once for what was declared, however often its task runs."""

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.kyc import KycApplication, KycDocument
from accounts.models.people import User
from core.ids import uuid7


class KycCheck(models.Model):
    """What a service found about an application, and when. Never changed; a later check of the same kind counts.

    `facts` holds what the service said that may be compared (names, date of birth), sealed as JSON.
    """

    class Kind(models.TextChoices):
        BVN = "BVN", _("BVN")
        NIN = "NIN", _("NIN")
        BANK_ACCOUNT = "BANK_ACCOUNT", _("Name on the bank account")
        DOCUMENT = "DOCUMENT", _("Document")
        SCREENING = "SCREENING", _("Sanctions lists")

    class Outcome(models.TextChoices):
        MATCH = "MATCH", _("Agrees")
        PARTIAL = "PARTIAL", _("Agrees in part")
        MISMATCH = "MISMATCH", _("Does not agree")
        CLEAR = "CLEAR", _("Nothing found")
        HIT = "HIT", _("Something found")
        PENDING = "PENDING", _("The answer comes later")
        UNDECIDED = "UNDECIDED", _("Cannot decide yet")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        KycApplication, on_delete=models.PROTECT, related_name="checks", db_index=False
    )
    document = models.ForeignKey(KycDocument, on_delete=models.PROTECT, null=True, related_name="checks")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    source = models.CharField(max_length=40)  # which service said so
    reference = models.CharField(max_length=100, blank=True)  # by which it finds its answer
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    score = models.DecimalField(max_digits=5, decimal_places=4, null=True)  # 0 to 1
    facts = models.TextField(blank=True)
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        indexes = [
            models.Index(fields=["application", "kind", "id"], name="kyc_check_of"),
            models.Index(
                fields=["source", "reference"],
                condition=~models.Q(reference=""),
                name="kyc_check_by_reference",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome}"


class KycCheckJobQuerySet(models.QuerySet["KycCheckJob"]):
    def due(self, at: datetime) -> "KycCheckJobQuerySet":
        return self.filter(next_at__lte=at)


class KycCheckJob(models.Model):
    """One question about one revision of an application; what was found stands in KycCheck.

    `round` is 0 for what the customer's sending asks, and rises with each time that staff ask anew. `next_at` is when
    it is to be taken up: while somebody is at it, when their lease ends; None when nothing is left to do. `asked`
    is a keyed fingerprint of the number that was asked about, so that an answer confirms that number and no later one.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        AWAITED = "AWAITED", _("The answer comes later")
        ANSWERED = "ANSWERED", _("Answered")
        GIVEN_UP = "GIVEN_UP", _("Given up")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        KycApplication, on_delete=models.PROTECT, related_name="check_jobs", db_index=False
    )
    document = models.ForeignKey(KycDocument, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12, choices=KycCheck.Kind.choices)
    revision = models.PositiveIntegerField()
    round = models.PositiveSmallIntegerField(default=0)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    asked = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=40, blank=True)
    reference = models.CharField(max_length=100, blank=True)
    # Of a question whose answer comes later: the check that says so, and the outcome that came.
    asked_in = models.ForeignKey(KycCheck, on_delete=models.PROTECT, null=True, related_name="+")
    said = models.CharField(max_length=9, choices=KycCheck.Outcome.choices, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(null=True)

    objects = KycCheckJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("check to be made")
        verbose_name_plural = _("checks to be made")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "document", "revision", "round"],
                name="kyc_job_asked_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="kyc_job_due"),
            models.Index(
                fields=["source", "reference"],
                condition=~models.Q(reference=""),
                name="kyc_job_by_reference",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
