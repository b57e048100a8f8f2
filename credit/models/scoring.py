from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval
from core.ids import uuid7
from credit import bureaux
from credit.models.applications import Application, Consent
from credit.titles import titled


class ScorecardVersion(models.Model):
    """A scorecard as two people agreed on it, with the back-test they saw; never changed. One is in force at a time.

    `card` is the card as data (`credit/card_data.py`), `sha256` its hash, `backtest` what it would have decided.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    card = models.JSONField()
    sha256 = models.CharField(max_length=64)
    backtest = models.JSONField(default=dict)
    from_date = models.DateField()
    source = models.CharField(max_length=500)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("scorecard version")
        verbose_name_plural = _("scorecard versions")
        permissions = [
            ("propose_scorecard", "Can propose scorecards"),
            ("approve_scorecard", "Can approve scorecards"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="scorecard_version_once"),
            models.UniqueConstraint(fields=["from_date"], name="scorecard_from_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class BureauReport(models.Model):
    """One search at one bureau: with which consent, and what it answered, sealed. Nothing is asked without consent.

    `sealed` is the raw answer (encrypted), `sha256` its hash, `mapped` our one shape of it (`credit/bureaux`).
    A bureau that is down leaves FAILED and no mapped report: nothing can be decided yet.
    """

    class Kind(models.TextChoices):
        SOFT = "SOFT", _("Soft search")
        HARD = "HARD", _("Hard search")

    class State(models.TextChoices):
        ASKED = "ASKED", _("Asked")
        ANSWERED = "ANSWERED", _("Answered")
        FAILED = "FAILED", _("No answer")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="reports")
    bureau = models.CharField(max_length=20)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    sealed = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    mapped = models.JSONField(null=True)
    error = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    disputed_at = models.DateTimeField(null=True)
    dispute = models.CharField(max_length=1000, blank=True)
    # The officer who marked it for the person it is about; none where they did so themselves.
    disputed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("bureau report")
        verbose_name_plural = _("bureau reports")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ANSWERED") | Q(answered_at__isnull=False, mapped__isnull=False),
                name="bureau_report_answered",
            )
        ]

    def __str__(self) -> str:
        return f"{self.bureau} {self.kind}"

    @property
    def staff_name(self) -> str:
        return titled(bureaux.name_of(self.bureau), str(self.get_kind_display()), at=self.asked_at)


class CreditScore(models.Model):
    """One decision by a scorecard, with the record that replays to it byte for byte. Append-only."""

    class Outcome(models.TextChoices):
        PASSED = "PASSED", _("Passed")
        DECLINED = "DECLINED", _("Below what is asked")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="scores")
    card = models.ForeignKey(ScorecardVersion, on_delete=models.PROTECT, related_name="scores")
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    score = models.IntegerField()
    cut_off = models.IntegerField()
    pd = models.DecimalField(max_digits=12, decimal_places=10)
    hard_rules = models.PositiveSmallIntegerField(default=0)
    record = models.TextField()
    sha256 = models.CharField(max_length=64)
    reasons = models.JSONField(default=list)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("credit score")
        verbose_name_plural = _("credit scores")

    def __str__(self) -> str:
        return str(self.score)

    @property
    def staff_name(self) -> str:
        return titled(str(self.score), str(self.get_outcome_display()), at=self.made_at)


class AdverseAction(models.Model):
    """That an applicant must be told of a refusal, by when, with which reasons; and when they were.

    The notice is due 30 days after the application was complete; `reasons` are sentences made from bins.
    """

    class Kind(models.TextChoices):
        DECLINED = "DECLINED", _("Declined")
        INCOMPLETE = "INCOMPLETE", _("Not complete in time")
        LENDER = "LENDER", _("Declined by the lender")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="adverse_actions")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    score = models.ForeignKey(CreditScore, on_delete=models.PROTECT, null=True, related_name="+")
    reasons = models.JSONField()
    bureaux = models.JSONField(default=list)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("adverse action")
        verbose_name_plural = _("adverse actions")
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(sent_at=None), name="adverse_action_due")
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def staff_name(self) -> str:
        return titled(str(self.get_kind_display()), at=self.made_at)


class Case(models.Model):
    """What waits for an officer: one open case of a kind for an application. Claimed under a lease, decided once.

    `due_at` is when it has to be decided; `decision` and `reason_code` are written with the outcome.
    """

    class Kind(models.TextChoices):
        REFERRED = "REFERRED", _("Scored below the cut-off")
        UNDECIDED = "UNDECIDED", _("A bureau gave no answer")
        REVIEW = "REVIEW", _("A person asked for a human review")
        DISPUTE = "DISPUTE", _("A bureau's entry is disputed")
        HARDSHIP = "HARDSHIP", _("Asked for help with paying")
        COLLECTIONS = "COLLECTIONS", _("Behind with paying")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    priority = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(max_length=1000, blank=True)
    due_at = models.DateTimeField()
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    leased_until = models.DateTimeField(null=True)
    recommended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decision = models.CharField(max_length=20, blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    note = models.CharField(max_length=2000, blank=True)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("credit case")
        verbose_name_plural = _("credit cases")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind"], condition=Q(decided_at=None), name="case_open_once"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | Q(recommended_by=None)
                | ~Q(decided_by=models.F("recommended_by")),
                name="case_two_people",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-priority", "due_at", "id"], condition=Q(decided_at=None), name="case_queue"
            )
        ]

    def __str__(self) -> str:
        return self.kind
