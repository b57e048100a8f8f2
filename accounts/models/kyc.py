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


class IdentityNumberQuerySet(models.QuerySet["IdentityNumber"]):
    def visible_to(self, user: User) -> "IdentityNumberQuerySet":
        """A customer's own, without the number itself."""
        return self.filter(customer_id=user.pk).defer("sealed", "blind_index")

    def held(self) -> "IdentityNumberQuerySet":
        """Those that nobody else may give."""
        return self.filter(released_at=None)


class IdentityNumber(models.Model):
    """A BVN or NIN that a customer gave. Sealed; found by its blind index; one customer each.

    `verified_at` says that a service confirmed that it is this person's. A number that staff took off its holder
    (`released_at`) is free for another.
    """

    class Kind(models.TextChoices):
        BVN = "BVN", _("BVN")
        NIN = "NIN", _("NIN")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="identity_numbers")
    kind = models.CharField(max_length=3, choices=Kind.choices)
    sealed = models.TextField()
    blind_index = models.CharField(max_length=64)
    last_four = models.CharField(max_length=4)
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    released_at = models.DateTimeField(null=True)

    objects = IdentityNumberQuerySet.as_manager()

    class Meta:
        verbose_name = _("identity number")
        verbose_name_plural = _("identity numbers")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "blind_index"],
                condition=models.Q(released_at=None),
                name="identity_number_one_customer",
            ),
            models.UniqueConstraint(
                fields=["customer", "kind"],
                condition=models.Q(released_at=None),
                name="identity_number_one_each",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} •••{self.last_four}"


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


class BankAccountClaimQuerySet(models.QuerySet["BankAccountClaim"]):
    def visible_to(self, user: User) -> "BankAccountClaimQuerySet":
        """A customer's own, without the number itself."""
        return self.filter(application__customer_id=user.pk).defer("sealed", "blind_index")


class BankAccountClaim(models.Model):
    """A bank account that a customer says is theirs, for its name to be compared. The number is sealed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.OneToOneField(KycApplication, on_delete=models.PROTECT, related_name="bank_account")
    bank_code = models.CharField(max_length=10)
    sealed = models.TextField()
    blind_index = models.CharField(max_length=64, db_index=True)
    last_four = models.CharField(max_length=4)

    objects = BankAccountClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank account of an application")
        verbose_name_plural = _("bank accounts of applications")

    def __str__(self) -> str:
        return f"{self.bank_code} •••{self.last_four}"


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
