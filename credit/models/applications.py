from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from core.templatetags.money import money
from credit.states import State
from credit.titles import titled


class ApplicationQuerySet(models.QuerySet["Application"]):
    def visible_to(self, user: Any) -> "ApplicationQuerySet":
        return self.filter(user_id=user.pk)

    def on_the_market(self) -> "ApplicationQuerySet":
        """Those that lenders may see: open to offers, while their borrower agrees that the file is shown."""
        shown = Consent.objects.filter(
            application=OuterRef("pk"), kind=Consent.Kind.SHARE_FILE, withdrawn_at=None, expires_at__gt=Now()
        )
        return self.filter(Exists(shown), state__in=(State.LISTED, State.OFFERED))


class Application(models.Model):
    """What somebody asks to borrow, and where that stands: from a draft to a loan that is paid off, one state.

    Amounts are minor units (kobo), `income`, `expenses` and `debts` a month's. `count` is how many monthly
    instalments are wanted, `released` names what lenders may see of it (`credit/released.py`). `pools` lets several
    lenders carry it together. `deadline` is when bidding ends, `sign_by` when an accepted offer lapses.
    """

    class Purpose(models.TextChoices):
        BUSINESS = "BUSINESS", _("My business")
        EDUCATION = "EDUCATION", _("School or training")
        HEALTH = "HEALTH", _("Health")
        HOME = "HOME", _("Home or rent")
        VEHICLE = "VEHICLE", _("A vehicle")
        EMERGENCY = "EMERGENCY", _("An emergency")
        REFINANCE = "REFINANCE", _("Replace another loan")
        PURCHASE = "PURCHASE", _("A purchase")
        OTHER = "OTHER", _("Something else")

    class Employment(models.TextChoices):
        EMPLOYED = "EMPLOYED", _("Employed")
        SELF_EMPLOYED = "SELF_EMPLOYED", _("Self-employed")
        BUSINESS_OWNER = "BUSINESS_OWNER", _("I own a business")
        STUDENT = "STUDENT", _("Student")
        RETIRED = "RETIRED", _("Retired")
        NONE = "NONE", _("Not working now")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    currency = models.ForeignKey(
        "wallet.Currency", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=17, choices=State.choices, default=State.DRAFT)
    amount = models.BigIntegerField(null=True)
    count = models.PositiveSmallIntegerField(null=True)
    purpose = models.CharField(max_length=9, choices=Purpose.choices, blank=True)
    purpose_text = models.CharField(max_length=300, blank=True)
    employment = models.CharField(max_length=14, choices=Employment.choices, blank=True)
    employed_since = models.DateField(null=True)
    income = models.BigIntegerField(null=True)
    expenses = models.BigIntegerField(null=True)
    debts = models.BigIntegerField(null=True)
    released = ArrayField(models.CharField(max_length=30), default=list)
    pools = models.BooleanField(default=False)
    collects = models.BooleanField(default=False)
    refinances = models.ForeignKey("credit.Loan", on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    # When it was complete: the clock of an adverse-action notice runs from here.
    complete_at = models.DateTimeField(null=True)
    deadline = models.DateTimeField(null=True)
    sign_by = models.DateTimeField(null=True)
    listings = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan application")
        verbose_name_plural = _("loan applications")
        permissions = [
            ("work_credit", "Can claim and decide credit cases"),
            ("override_score", "Can list an application that scored below the cut-off"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=1), name="application_amount"),
            models.CheckConstraint(
                condition=Q(count=None) | Q(count__range=(1, 1200)), name="application_count"
            ),
            models.CheckConstraint(
                condition=(Q(income=None) | Q(income__gte=0))
                & (Q(expenses=None) | Q(expenses__gte=0))
                & (Q(debts=None) | Q(debts__gte=0)),
                name="application_month",
            ),
            models.CheckConstraint(condition=Q(listings__lte=2), name="application_listed_twice"),
            models.CheckConstraint(
                condition=~Q(state__in=("LISTED", "OFFERED"))
                | Q(deadline__isnull=False, amount__isnull=False),
                name="application_listed_until",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="application_of_user"),
            models.Index(
                fields=["deadline", "id"],
                condition=Q(state__in=("LISTED", "OFFERED", "INCOMPLETE", "SUBMITTED")),
                name="application_deadline",
            ),
            models.Index(fields=["sign_by", "id"], condition=Q(state="ACCEPTED"), name="application_sign_by"),
            models.Index(fields=["state", "-id"], name="application_state"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def staff_name(self) -> str:
        """What staff call it. Nothing of it says whose it is."""
        asked = [money(self.amount, self.currency_id)] if self.amount else []
        about = [*asked, str(self.get_purpose_display())] if self.purpose else asked
        return titled(*(about or [str(self.get_state_display())]), at=self.submitted_at or self.made_at)


class Consent(models.Model):
    """That somebody agreed to one thing, in which words, until when; and that they took it back.

    `version` and `sha256` are of the text that they saw (`credit/consents.py`). Nothing is asked of a bureau, and
    nothing of a file is shown to a lender, without one that stands.
    """

    class Kind(models.TextChoices):
        SOFT_SEARCH = "SOFT_SEARCH", _("A soft search at the credit bureaux")
        HARD_SEARCH = "HARD_SEARCH", _("A hard search once I accept an offer")
        SHARE_FILE = "SHARE_FILE", _("Showing lenders what I release")
        SCORING = "SCORING", _("Scoring what Alajo knows of my account")
        COLLECTION = "COLLECTION", _("Taking instalments from my wallet on their day")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    version = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind"], condition=Q(withdrawn_at=None), name="consent_standing_once"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("given_at")), name="consent_lasts"),
        ]

    def __str__(self) -> str:
        return self.kind

    def stands(self, at: Any) -> bool:
        return self.withdrawn_at is None and self.given_at <= at < self.expires_at


class StatusChange(models.Model):
    """One step of an application or of the loan it became. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="changes")
    was = models.CharField(max_length=17, choices=State.choices)
    now = models.CharField(max_length=17, choices=State.choices)
    event = models.CharField(max_length=20)
    who = models.CharField(max_length=8)
    reason = models.CharField(max_length=300, blank=True)
    on = models.DateField()
    actor_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("change of state")
        verbose_name_plural = _("changes of state")

    def __str__(self) -> str:
        return f"{self.was} → {self.now}"


class Question(models.Model):
    """What an officer asks an applicant for, in writing, and what was answered. The clock stops in between."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="questions")
    text = models.CharField(max_length=1000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=2000, blank=True)
    document = models.ForeignKey("storage_app.Object", on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("question to an applicant")
        verbose_name_plural = _("questions to applicants")

    def __str__(self) -> str:
        return str(self.pk)


class FileView(models.Model):
    """One look of a lender at a released file: who saw it, when, under which watermark. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="looks")
    provider = models.ForeignKey("credit.Provider", on_delete=models.PROTECT, related_name="+")
    fields = ArrayField(models.CharField(max_length=30))
    watermark = models.CharField(max_length=40)
    by_id = models.UUIDField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("look at a released file")
        verbose_name_plural = _("looks at released files")

    def __str__(self) -> str:
        return self.watermark
