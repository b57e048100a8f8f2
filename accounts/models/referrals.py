"""Who brought whom, by which programme, and what each of them is given for it. Amounts are in minor units."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from core.ids import posting_id, uuid7

# Without letters and digits that people take for one another: 32 of them, so that a code is one of 10^12.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 8
CODE = rf"^[{ALPHABET}]{{{CODE_LENGTH}}}$"
MOST_LEVELS = 3


class Event(models.TextChoices):
    """What an invited person must do before anybody is paid."""

    KYC_APPROVED = "KYC_APPROVED", _("Their identity was confirmed")
    FIRST_DEPOSIT = "FIRST_DEPOSIT", _("First deposit")
    FIRST_LOAN_REPAID = "FIRST_LOAN_REPAID", _("First loan repaid")


class Reason(models.TextChoices):
    """Why a referral or a bonus came to nothing, for staff; customers read `accounts.referral_words`."""

    SELF = "SELF", _("They invited themselves")
    RING = "RING", _("The invitations go round in a circle")
    SAME_MAILBOX = "SAME_MAILBOX", _("Same mailbox as somebody who invited them")
    SAME_DEVICE = "SAME_DEVICE", _("Same device as somebody who invited them")
    SAME_PHONE = "SAME_PHONE", _("Same phone number as somebody who invited them")
    SAME_IDENTITY = "SAME_IDENTITY", _("Same identity number as somebody who invited them")
    SAME_CARD = "SAME_CARD", _("Same card as somebody who invited them")
    SAME_BANK_ACCOUNT = "SAME_BANK_ACCOUNT", _("Same bank account as somebody who invited them")
    TOO_LATE = "TOO_LATE", _("Not done in time")
    REPLACED = "REPLACED", _("They joined by another invitation")
    BUDGET_SPENT = "BUDGET_SPENT", _("The programme's money is spent")
    CAP_REACHED = "CAP_REACHED", _("The most that one person can earn is reached")
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED", _("Their account is closed")
    MONEY_REVERSED = "MONEY_REVERSED", _("The money that counted was taken back")
    BY_STAFF = "BY_STAFF", _("Refused by staff")


# Why it came to nothing is told to its inviter only as far as that says nothing of anybody else.
TOLD = (
    *(Reason.TOO_LATE, Reason.REPLACED, Reason.BUDGET_SPENT, Reason.CAP_REACHED),
    *(Reason.ACCOUNT_CLOSED, Reason.MONEY_REVERSED),
)
RULES = "RULES"


def told_of(reason: str) -> str:
    """Return as much of a reason as its inviter may know."""
    return str(reason) if reason in TOLD else RULES


class ReferralCode(models.Model):
    """What a customer gives to friends: the code of their link. `visits` counts browsers that followed it."""

    user = models.OneToOneField(
        User, on_delete=models.PROTECT, primary_key=True, related_name="referral_code"
    )
    code = models.CharField(max_length=CODE_LENGTH, unique=True)
    visits = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("referral code")
        verbose_name_plural = _("referral codes")
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=CODE), name="referral_code_form"),
        ]

    def __str__(self) -> str:
        return self.code


class ReferralProgramQuerySet(models.QuerySet["ReferralProgram"]):
    def in_force(self, day: date) -> "ReferralProgramQuerySet":
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day, ended_at=None)


class ReferralProgram(models.Model):
    """What is given, for what, from when to when. Its rules never change: another programme follows it.

    `level_bonuses` is what the inviter gets, then whoever invited that one, and so on; `invited_bonus` what the new
    customer gets. `spent` is what was set aside of `budget`. `cap_referrals` and `cap_amount` are the most that one
    person is paid for; the new customer's own bonus does not count.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3, default="NGN")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    budget = models.BigIntegerField()
    spent = models.BigIntegerField(default=0)
    cap_referrals = models.PositiveIntegerField(null=True)
    cap_amount = models.BigIntegerField(null=True)
    event = models.CharField(max_length=20, choices=Event.choices)
    minimum = models.BigIntegerField(default=0)
    window_days = models.PositiveSmallIntegerField(default=30)
    attribution_days = models.PositiveSmallIntegerField(default=30)
    clawback_days = models.PositiveSmallIntegerField(default=30)
    invited_bonus = models.BigIntegerField(default=0)
    level_bonuses = ArrayField(models.BigIntegerField())
    terms = models.TextField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=500, blank=True)

    objects = ReferralProgramQuerySet.as_manager()

    class Meta:
        verbose_name = _("referral programme")
        verbose_name_plural = _("referral programmes")
        permissions = [
            ("run_referral_programs", _("Can propose and end referral programmes")),
            ("approve_referral_program", _("Can approve referral programmes")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="referral_program_dates"
            ),
            models.CheckConstraint(
                condition=Q(budget__gt=0, spent__gte=0, spent__lte=F("budget")),
                name="referral_program_budget",
            ),
            models.CheckConstraint(
                condition=Q(minimum__gte=0, invited_bonus__gte=0)
                & (Q(cap_amount=None) | Q(cap_amount__gt=0))
                & (Q(cap_referrals=None) | Q(cap_referrals__gt=0)),
                name="referral_program_amounts",
            ),
            models.CheckConstraint(condition=Q(event__in=Event.values), name="referral_program_event_known"),
            models.CheckConstraint(
                condition=Q(window_days__range=(1, 730), attribution_days__range=(1, 365))
                & Q(clawback_days__lte=730),
                name="referral_program_days",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, end_reason="") | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
                name="referral_program_end_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def left(self) -> int:
        return self.budget - self.spent

    @property
    def referrer_bonus(self) -> int:
        return self.level_bonuses[0]


# What customers may read of a programme.
PROGRAM_SHOWN = (
    *("id", "name", "currency", "starts_on", "ends_on", "ended_at", "cap_referrals", "cap_amount", "event"),
    *(
        "minimum",
        "window_days",
        "attribution_days",
        "clawback_days",
        "invited_bonus",
        "level_bonuses",
        "terms",
    ),
)


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, user: User) -> "ReferralQuerySet":
        """Those a person made, in the columns that row security leaves them: never who the other is."""
        return self.filter(referrer_id=user.pk).only(*SEEN_BY_REFERRER)


class Referral(models.Model):
    """That somebody invited somebody. It keeps the programme under which it began, whatever comes after.

    `email_index` and `shown_as` are set where it began with a mail: an address cannot be read from either. From
    joining on `shown_as` is the first name with an initial. `reference` is what qualified it: the posting of a deposit.
    `told` is as much of `reason` as the inviter may know.
    """

    class State(models.TextChoices):
        INVITED = "INVITED", _("Invited")
        JOINED = "JOINED", _("Joined")
        QUALIFIED = "QUALIFIED", _("Qualified")
        PAID = "PAID", _("Paid")
        REFUSED = "REFUSED", _("Refused")
        CLAWED_BACK = "CLAWED_BACK", _("Taken back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey(ReferralProgram, on_delete=models.PROTECT, related_name="+")
    referrer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    invited = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=11, choices=State.choices)
    reason = models.CharField(max_length=17, choices=Reason.choices, blank=True)
    told = models.CharField(max_length=17, blank=True)
    shown_as = models.CharField(max_length=100)
    email_index = models.CharField(max_length=64, blank=True)
    invited_at = models.DateTimeField(null=True)
    joined_at = models.DateTimeField(null=True)
    qualify_by = models.DateTimeField()
    qualified_at = models.DateTimeField(null=True)
    reference = models.UUIDField(null=True)
    changed_at = models.DateTimeField()

    objects = ReferralQuerySet.as_manager()

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        permissions = [
            ("refuse_referral", _("Can refuse a referral before it is paid")),
            ("export_referrals", _("Can export referrals")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["invited"],
                condition=~Q(reason__in=["REPLACED"]),
                name="referral_of_person_once",
            ),
            models.UniqueConstraint(
                fields=["referrer", "email_index"],
                condition=~Q(email_index=""),
                name="referral_invitation_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["INVITED", "JOINED", "QUALIFIED", "PAID", "REFUSED", "CLAWED_BACK"]),
                name="referral_state_known",
            ),
            models.CheckConstraint(
                condition=Q(invited=None) | ~Q(invited=F("referrer")), name="referral_of_another"
            ),
            models.CheckConstraint(
                condition=Q(state="INVITED", invited=None)
                | Q(state="REFUSED")
                | (~Q(state__in=["INVITED", "REFUSED"]) & Q(invited__isnull=False, joined_at__isnull=False)),
                name="referral_joined_by_somebody",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["REFUSED", "CLAWED_BACK"]) & ~Q(reason="") & ~Q(told=""))
                | (~Q(state__in=["REFUSED", "CLAWED_BACK"]) & Q(reason="", told="")),
                name="referral_reason_of_refusal",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["QUALIFIED", "PAID", "CLAWED_BACK"]) | Q(qualified_at__isnull=False),
                name="referral_qualified_at",
            ),
        ]
        indexes = [
            models.Index(fields=["referrer", "-id"], name="referral_of_referrer"),
            # None names the state: then a payment, which changes it, needs no new entry in any.
            models.Index(
                fields=["qualify_by"],
                condition=Q(qualified_at=None),
                name="referral_open",
            ),
            models.Index(
                fields=["reference"], condition=Q(reference__isnull=False), name="referral_by_reference"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


SEEN_BY_REFERRER = (
    *("id", "program_id", "referrer_id", "state", "told", "shown_as"),
    *("invited_at", "joined_at", "qualify_by", "qualified_at", "changed_at"),
)


class ReferralDue(models.Model):
    """That bonuses of a referral are to be paid; it goes when nothing of it is due any more.

    `reserved_at` is when its programme set them aside, `due_at` when they are next to be tried.
    """

    referral = models.OneToOneField(Referral, on_delete=models.PROTECT, primary_key=True, related_name="due")
    program = models.ForeignKey(ReferralProgram, on_delete=models.PROTECT, related_name="+", db_index=False)
    qualified_at = models.DateTimeField()
    reserved_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["program", "qualified_at", "referral"], name="referral_due_in_turn")]

    def __str__(self) -> str:
        return str(self.pk)


class ReferralHistory(models.Model):
    """One change of a referral's state, written by the database itself."""

    id = models.BigAutoField(primary_key=True)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="history", db_index=False)
    was = models.CharField(max_length=11, blank=True)
    state = models.CharField(max_length=11, choices=Referral.State.choices)
    reason = models.CharField(max_length=17, choices=Reason.choices, blank=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["referral", "id"], name="referral_history_of")]

    def __str__(self) -> str:
        return f"{self.was} {self.state}"


class ReferralBonusQuerySet(models.QuerySet["ReferralBonus"]):
    def visible_to(self, user: User) -> "ReferralBonusQuerySet":
        return self.filter(beneficiary_id=user.pk)


class ReferralBonus(models.Model):
    """What one person is given for one referral, once. Level 0 is the new customer, 1 the inviter, 2 theirs.

    `posting_id` is chosen before anything is posted, `clawback_id` before anything is taken back.
    """

    class State(models.TextChoices):
        DUE = "DUE", _("Due")
        PAID = "PAID", _("Paid")
        REFUSED = "REFUSED", _("Refused")
        CLAWBACK_DUE = "CLAWBACK_DUE", _("To be taken back")
        CLAWED_BACK = "CLAWED_BACK", _("Taken back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="bonuses", db_index=False)
    beneficiary = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    level = models.PositiveSmallIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    posting_id = models.UUIDField(unique=True, default=posting_id)
    clawback_id = models.UUIDField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DUE)
    reason = models.CharField(max_length=17, choices=Reason.choices, blank=True)
    waits_for = models.CharField(max_length=40, blank=True)
    settled_at = models.DateTimeField(null=True)

    objects = ReferralBonusQuerySet.as_manager()

    class Meta:
        verbose_name = _("referral bonus")
        verbose_name_plural = _("referral bonuses")
        constraints = [
            models.UniqueConstraint(fields=["referral", "level"], name="referral_bonus_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="referral_bonus_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["DUE", "PAID", "REFUSED", "CLAWBACK_DUE", "CLAWED_BACK"]),
                name="referral_bonus_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="DUE", settled_at=None) | (~Q(state="DUE") & Q(settled_at__isnull=False)),
                name="referral_bonus_settled_at",
            ),
            models.CheckConstraint(
                condition=Q(state="CLAWBACK_DUE", clawback_id__isnull=False) | ~Q(state="CLAWBACK_DUE"),
                name="referral_bonus_clawback_named",
            ),
        ]
        indexes = [models.Index(fields=["beneficiary", "-id"], name="referral_bonus_of_person")]

    def __str__(self) -> str:
        return str(self.id)


class DeviceMark(models.Model):
    """That a person signed in by a browser that carries this mark, of which only a keyed hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("device mark")
        verbose_name_plural = _("device marks")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="device_mark_once")]
        indexes = [models.Index(fields=["digest"], name="device_mark_by_digest")]

    def __str__(self) -> str:
        return str(self.pk)
