"""What a customer declares to reach a higher tier, and what became of it."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Customer, User
from core.ids import uuid7

DOCUMENTS_BUCKET = "kyc"
STAFF_ONLY = ("priority", "claimed_by", "leased_until", "recommended_by", "decided_by", "reminded_at")


class KycApplicationQuerySet(models.QuerySet["KycApplication"]):
    def visible_to(self, user: User) -> "KycApplicationQuerySet":
        """A customer's own, without what only staff may read."""
        return self.filter(customer_id=user.pk).defer(*STAFF_ONLY)

    def open(self) -> "KycApplicationQuerySet":
        return self.filter(state__in=KycApplication.OPEN_STATES)

    def queued(self) -> "KycApplicationQuerySet":
        """Those that wait for staff."""
        return self.filter(state__in=KycApplication.QUEUED_STATES)


class KycApplication(models.Model):
    """A customer's wish for a tier: what they declare, step by step, until staff decide. One is open at a time.

    `revision` counts the customer's changes: a decision names the one it was made on, and an older one is refused.
    `priority` orders the queue: what is riskier comes first (0 to 100), then what has waited longer.
    """

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("Not sent yet")
        SUBMITTED = "SUBMITTED", _("Waiting for review")
        IN_REVIEW = "IN_REVIEW", _("In review")
        MORE_NEEDED = "MORE_NEEDED", _("More needed")
        APPROVED = "APPROVED", _("Approved")
        REJECTED = "REJECTED", _("Rejected")
        EXPIRED = "EXPIRED", _("Expired")

    OPEN_STATES = ("DRAFT", "SUBMITTED", "IN_REVIEW", "MORE_NEEDED")
    QUEUED_STATES = ("SUBMITTED", "IN_REVIEW")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="kyc_applications", db_index=False
    )
    target_tier = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=11, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(default=0)

    first_name = models.CharField(max_length=60, blank=True)
    middle_name = models.CharField(max_length=60, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=40, blank=True)  # a state of Nigeria, or FCT
    country = models.CharField(max_length=2, default="NG")

    consent_version = models.CharField(max_length=20, blank=True)
    consent_text = models.TextField(blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)

    # What staff ask for again: {"step": a code} or {"document": an id}, with reason and fix; empty where all is asked.
    asked_again = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    # When the customer was told that it runs out soon.
    reminded_at = models.DateTimeField(null=True, blank=True)

    # Who reviews it, until when. A lease that ran out is nobody's.
    claimed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    leased_until = models.DateTimeField(null=True, blank=True)
    recommended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = KycApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        permissions = [
            ("review_kyc", _("Can claim and decide on applications")),
            ("approve_kyc", _("Can approve what a colleague recommended")),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(target_tier__range=(1, 3)), name="kyc_tier_known"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        *("DRAFT", "SUBMITTED", "IN_REVIEW", "MORE_NEEDED"),
                        *("APPROVED", "REJECTED", "EXPIRED"),
                    ]
                ),
                name="kyc_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="DRAFT") | models.Q(state="EXPIRED") | ~models.Q(consented_at=None),
                name="kyc_sent_with_consent",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["APPROVED", "REJECTED"], decided_at__isnull=False)
                | ~models.Q(state__in=["APPROVED", "REJECTED"]),
                name="kyc_decided_at",
            ),
            models.CheckConstraint(
                condition=models.Q(claimed_by=None, leased_until=None)
                | models.Q(claimed_by__isnull=False, leased_until__isnull=False),
                name="kyc_claim_is_a_lease",
            ),
            # Above tier 2 one recommends and another approves, whoever they are.
            models.CheckConstraint(
                condition=models.Q(target_tier__lte=2)
                | ~models.Q(state="APPROVED")
                | (
                    models.Q(recommended_by__isnull=False, decided_by__isnull=False)
                    & ~models.Q(recommended_by=models.F("decided_by"))
                ),
                name="kyc_two_people_above_tier_2",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("customer")),
                name="kyc_not_by_oneself",
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(state__in=["DRAFT", "SUBMITTED", "IN_REVIEW", "MORE_NEEDED"]),
                name="kyc_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "id"], name="kyc_of_customer"),
            models.Index(
                fields=["-priority", "submitted_at", "id"],
                condition=models.Q(state__in=["SUBMITTED", "IN_REVIEW"]),
                name="kyc_queue",
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state__in=["DRAFT", "MORE_NEEDED"]),
                name="kyc_running_out",
            ),
            models.Index(
                fields=["submitted_at"],
                condition=models.Q(state__in=["SUBMITTED", "IN_REVIEW"]),
                name="kyc_waiting",
            ),
            models.Index(fields=["leased_until"], condition=models.Q(state="IN_REVIEW"), name="kyc_leased"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def declared_name(self) -> str:
        return " ".join(part for part in (self.first_name, self.middle_name, self.last_name) if part)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES

    @property
    def is_editable(self) -> bool:
        """Whether the customer may change what they declared."""
        return self.state in (self.State.DRAFT, self.State.MORE_NEEDED)

    def is_claimed_by(self, user: Any, at: datetime) -> bool:
        return self.claimed_by_id == user.pk and self.leased_until is not None and self.leased_until > at


class KycStateChange(models.Model):
    """One step in the life of an application. Never changed, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        KycApplication, on_delete=models.PROTECT, related_name="changes", db_index=False
    )
    from_state = models.CharField(max_length=11, blank=True)
    to_state = models.CharField(max_length=11, choices=KycApplication.State.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")  # null: a rule
    reason_code = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)  # what the customer was told
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("state of an application")
        verbose_name_plural = _("states of applications")
        indexes = [models.Index(fields=["application", "id"], name="kyc_change_of")]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class KycDecision(models.Model):
    """What staff found of one revision: recommended, approved, asked for more, or rejected; and what was told."""

    class Outcome(models.TextChoices):
        RECOMMEND = "RECOMMEND", _("Approval recommended")
        APPROVE = "APPROVE", _("Approved")
        ASK_MORE = "ASK_MORE", _("More asked for")
        REJECT = "REJECT", _("Rejected")
        SEND_BACK = "SEND_BACK", _("Recommendation sent back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        KycApplication, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    revision = models.PositiveIntegerField()
    reason_code = models.CharField(max_length=40)
    text = models.CharField(max_length=1000)  # for colleagues
    message = models.TextField(blank=True)  # for the customer, as it was previewed
    asked_again = models.JSONField(default=list, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = [models.Index(fields=["application", "id"], name="kyc_decision_of")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.application_id}"


class KycNote(models.Model):
    """What staff write to each other about an application. Never shown to the customer."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        KycApplication, on_delete=models.PROTECT, related_name="notes", db_index=False
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=2000)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("note on an application")
        verbose_name_plural = _("notes on applications")
        indexes = [models.Index(fields=["application", "id"], name="kyc_note_of")]

    def __str__(self) -> str:
        return str(self.id)


class KycDocumentQuerySet(models.QuerySet["KycDocument"]):
    def visible_to(self, user: User) -> "KycDocumentQuerySet":
        """A customer's own, without what only staff may read."""
        mine = self.filter(application__customer_id=user.pk)
        return mine.defer("sha256", "picture_hash", "decided_by")

    def current(self) -> "KycDocumentQuerySet":
        """Those that count: neither replaced nor deleted."""
        return self.filter(state__in=KycDocument.CURRENT_STATES)


class KycDocument(models.Model):
    """One picture or PDF of a document, in the bucket `kyc`. A replaced one stays, and points at the new one.

    `picture_hash` is a difference hash (dHash, 64 bits, signed): pictures that look alike differ in few bits.
    """

    class Kind(models.TextChoices):
        PASSPORT = "PASSPORT", _("International passport")
        DRIVERS_LICENCE = "DRIVERS_LICENCE", _("Driver's licence")
        NIN_SLIP = "NIN_SLIP", _("NIN slip or card")
        VOTERS_CARD = "VOTERS_CARD", _("Voter's card")
        UTILITY_BILL = "UTILITY_BILL", _("Utility bill")
        BANK_STATEMENT = "BANK_STATEMENT", _("Bank statement")
        SELFIE = "SELFIE", _("Photograph of yourself")

    class Side(models.TextChoices):
        FRONT = "FRONT", _("Front")
        BACK = "BACK", _("Back")
        WHOLE = "WHOLE", _("Whole")

    class State(models.TextChoices):
        PENDING = "PENDING", _("Not checked yet")
        ACCEPTED = "ACCEPTED", _("Accepted")
        REJECTED = "REJECTED", _("Needed again")
        REPLACED = "REPLACED", _("Replaced")
        DELETED = "DELETED", _("Deleted by its owner")

    CURRENT_STATES = ("PENDING", "ACCEPTED", "REJECTED")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        KycApplication, on_delete=models.PROTECT, related_name="documents", db_index=False
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    side = models.CharField(max_length=5, choices=Side.choices, default=Side.WHOLE)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    object_name = models.CharField(max_length=200, unique=True)  # in DOCUMENTS_BUCKET
    content_type = models.CharField(max_length=60)
    size = models.BigIntegerField()  # bytes
    width = models.PositiveIntegerField(null=True)  # pixels
    height = models.PositiveIntegerField(null=True)
    sha256 = models.CharField(max_length=64)
    picture_hash = models.BigIntegerField(null=True)
    quality = models.JSONField(default=dict)  # what the quality check measured
    replaced_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    reason_code = models.CharField(max_length=40, blank=True)  # why it is needed again
    fix = models.CharField(max_length=300, blank=True)  # what would put it right, in words for the customer
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField()

    objects = KycDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        permissions = [("download_kycdocument", _("Can download a document as it was sent"))]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "side"],
                condition=models.Q(state__in=["PENDING", "ACCEPTED", "REJECTED"]),
                name="kyc_document_one_current",
            ),
        ]
        indexes = [
            models.Index(fields=["application", "id"], name="kyc_document_of"),
            models.Index(fields=["sha256"], name="kyc_document_same"),
            models.Index(
                fields=["picture_hash"],
                condition=models.Q(picture_hash__isnull=False),
                name="kyc_document_like",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.side}"

    @property
    def slot(self) -> tuple[str, str]:
        """Which picture it is, of which document."""
        return (self.kind, self.side)

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")
