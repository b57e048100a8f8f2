from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from credit.models.applications import Application
from credit.models.bids import Contract, Share


class LoanQuerySet(models.QuerySet["Loan"]):
    def visible_to(self, user: Any) -> "LoanQuerySet":
        return self.filter(user_id=user.pk)


class Loan(models.Model):
    """A loan that was paid out, under the id of its application, whose state is the loan's.

    `amount` is what was paid out so far: all of the contract's, or the parts of it that were asked for (minor units).
    `terms` is what its life is worked out from (`credit/terms_data.py`), fixed with the first money. `effective_rate`
    is the APR at origination, percent a year: a later modification is measured by it.
    """

    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, primary_key=True, related_name="loan"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    contract = models.OneToOneField(Contract, on_delete=models.PROTECT, related_name="loan")
    number = models.CharField(max_length=20, unique=True)
    currency = models.ForeignKey(
        "wallet.Currency", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    amount = models.BigIntegerField()
    terms = models.JSONField()
    late = models.JSONField()
    effective_rate = models.DecimalField(max_digits=30, decimal_places=12)
    opened_on = models.DateField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    replaced_by = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaces")
    closed_on = models.DateField(null=True)

    objects = LoanQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        permissions = [
            ("propose_loan_change", "Can propose hardship measures, write-offs and payments taken back"),
            ("approve_loan_change", "Can approve hardship measures, write-offs and payments taken back"),
            ("retry_parked_loan", "Can have the days of a parked loan closed again"),
        ]
        indexes = [models.Index(fields=["user", "-application"], name="loan_of_user")]

    def __str__(self) -> str:
        return self.number


class LoanTransaction(models.Model):
    """One thing that happened to a loan, tied to its posting; `number` counts them from 1 without a gap. Append-only.

    Amounts are minor units (kobo). Those of FOLDED kinds are the events of `credit/replay.py`, by `number`;
    one that another `reverses` is left out. `data` holds the rest of an event. `interest` to `overpaid` say where a
    payment went when it was made.
    """

    class Kind(models.TextChoices):
        DISBURSEMENT = "DISBURSEMENT", _("Paid out")
        REPAYMENT = "REPAYMENT", _("Payment")
        PAY_OFF = "PAY_OFF", _("Paid off")
        FEE = "FEE", _("Fee")
        PENALTY = "PENALTY", _("Late charge")
        RATE_CHANGE = "RATE_CHANGE", _("New rate")
        RESCHEDULE = "RESCHEDULE", _("New due days")
        RE_AGE = "RE_AGE", _("New due days for what is overdue")
        CAPITALISATION = "CAPITALISATION", _("Interest added to the loan")
        REVERSAL = "REVERSAL", _("Taken back")
        CHARGE_OFF = "CHARGE_OFF", _("Charged off")
        WRITE_OFF = "WRITE_OFF", _("Written off")
        WRITE_OFF_UNDONE = "WRITE_OFF_UNDONE", _("Write-off undone")
        RECOVERY = "RECOVERY", _("Paid after it was written off")
        REFUND = "REFUND", _("Paid back to you")
        CANCELLATION = "CANCELLATION", _("Given back in the cooling-off time")
        DISBURSAL_UNDONE = "DISBURSAL_UNDONE", _("Payout undone")

    FOLDED = (
        *(Kind.DISBURSEMENT, Kind.REPAYMENT, Kind.PAY_OFF, Kind.FEE, Kind.PENALTY),
        *(Kind.RATE_CHANGE, Kind.RESCHEDULE, Kind.RE_AGE, Kind.CAPITALISATION),
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="transactions", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    on = models.DateField()
    amount = models.BigIntegerField(default=0)
    interest = models.BigIntegerField(default=0)
    principal = models.BigIntegerField(default=0)
    fees = models.BigIntegerField(default=0)
    penalties = models.BigIntegerField(default=0)
    ahead = models.BigIntegerField(default=0)
    overpaid = models.BigIntegerField(default=0)
    data = models.JSONField(default=dict)
    posting_id = models.UUIDField(null=True, unique=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    reason = models.CharField(max_length=300, blank=True)
    actor_id = models.UUIDField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("loan transaction")
        verbose_name_plural = _("loan transactions")
        constraints = [
            models.UniqueConstraint(fields=["loan", "number"], name="loan_transaction_numbered"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="loan_transaction_amount"),
            models.CheckConstraint(
                condition=~Q(kind__in=("REPAYMENT", "PAY_OFF"))
                | Q(
                    amount=models.F("interest")
                    + models.F("principal")
                    + models.F("fees")
                    + models.F("penalties")
                    + models.F("overpaid")
                ),
                name="loan_payment_adds_up",
            ),
        ]
        indexes = [models.Index(fields=["kind", "on"], name="loan_transaction_of_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.on}"


class Payout(models.Model):
    """What one share gave or got of a loan transaction; minor units, below zero for what it paid out. Append-only."""

    transaction = models.ForeignKey(
        LoanTransaction, on_delete=models.PROTECT, related_name="payouts", db_index=False
    )
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="payouts")
    principal = models.BigIntegerField(default=0)
    interest = models.BigIntegerField(default=0)
    charges = models.BigIntegerField(default=0)
    posting_id = models.UUIDField()

    class Meta:
        verbose_name = _("payout to a share")
        verbose_name_plural = _("payouts to shares")
        constraints = [models.UniqueConstraint(fields=["transaction", "share"], name="payout_once")]

    def __str__(self) -> str:
        return str(self.pk)


class ScheduleVersion(models.Model):
    """A loan's schedule from one change to the next, readable for ever. `number` counts them from 1. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="schedules", db_index=False)
    number = models.PositiveIntegerField()
    transaction = models.OneToOneField(LoanTransaction, on_delete=models.PROTECT, related_name="schedule")
    on = models.DateField()
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("schedule of a loan")
        verbose_name_plural = _("schedules of loans")
        constraints = [models.UniqueConstraint(fields=["loan", "number"], name="schedule_numbered")]

    def __str__(self) -> str:
        return str(self.number)


class LoanModification(models.Model):
    """What a change of what was agreed came to for one share, at the loan's original effective rate. Append-only.

    Minor units (kobo): `carrying` is what the cash flows agreed before were worth on the day, `present` what those of
    the schedule `version` are, `gain` the difference, below zero a loss (`credit/modification.py`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="modifications")
    transaction = models.ForeignKey(
        LoanTransaction, on_delete=models.PROTECT, related_name="modifications", db_index=False
    )
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="modifications")
    version = models.ForeignKey(ScheduleVersion, on_delete=models.PROTECT, related_name="modifications")
    on = models.DateField()
    effective_rate = models.DecimalField(max_digits=30, decimal_places=12)
    carrying = models.BigIntegerField()
    present = models.BigIntegerField()
    gain = models.BigIntegerField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("modification of a loan")
        verbose_name_plural = _("modifications of loans")
        constraints = [
            models.UniqueConstraint(fields=["transaction", "share"], name="loan_modification_once"),
            models.CheckConstraint(
                condition=Q(gain=models.F("present") - models.F("carrying")), name="loan_modification_adds_up"
            ),
        ]
        indexes = [models.Index(fields=["on"], name="loan_modification_by_day")]

    def __str__(self) -> str:
        return f"{self.on} {self.gain}"


class Instalment(models.Model):
    """One row of a schedule version: what is asked, and when; minor units. Append-only.

    `opening` is the principal before it, `interest` and `principal` what it asks. What was paid of it comes from
    the events (`credit/services/reading.py`), so that nothing here ever changes.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(
        ScheduleVersion, on_delete=models.PROTECT, related_name="instalments", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    start = models.DateField()
    due = models.DateField()
    opening = models.BigIntegerField()
    interest = models.BigIntegerField()
    principal = models.BigIntegerField()

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="instalment_numbered")]
        indexes = [models.Index(fields=["due"], name="instalment_due")]

    def __str__(self) -> str:
        return str(self.number)


class PayoffQuote(models.Model):
    """What pays a loan off until `expires_at`, in parts (minor units). It is paid once, exactly as it says."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="quotes")
    day = models.DateField()
    principal = models.BigIntegerField()
    interest = models.BigIntegerField()
    fees = models.BigIntegerField()
    penalties = models.BigIntegerField()
    # How many things had happened to the loan: after one more the quote no longer holds.
    transactions = models.PositiveIntegerField()
    posting_id = models.UUIDField(default=posting_id, unique=True, editable=False)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("payoff quote")
        verbose_name_plural = _("payoff quotes")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fees + self.penalties


class HardshipRequest(models.Model):
    """What a borrower who cannot pay asks for, and what was done. Money and schedule change by approval alone."""

    class Wish(models.TextChoices):
        PAUSE = "PAUSE", _("A pause")
        LONGER = "LONGER", _("Smaller instalments over a longer time")
        LATER = "LATER", _("Another due day")
        TALK = "TALK", _("To talk to somebody")

    class State(models.TextChoices):
        ASKED = "ASKED", _("Being looked at")
        GRANTED = "GRANTED", _("Granted")
        REFUSED = "REFUSED", _("Refused")
        WITHDRAWN = "WITHDRAWN", _("Taken back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="hardship", db_index=False)
    wish = models.CharField(max_length=6, choices=Wish.choices)
    text = models.CharField(max_length=1000)
    can_pay = models.BigIntegerField(null=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    answer = models.CharField(max_length=1000, blank=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("request for help")
        verbose_name_plural = _("requests for help")
        constraints = [
            models.UniqueConstraint(fields=["loan"], condition=Q(state="ASKED"), name="hardship_open_once")
        ]
        indexes = [models.Index(fields=["loan", "-id"], name="hardship_of_loan")]

    def __str__(self) -> str:
        return self.wish


class DelinquencyPause(models.Model):
    """Days in which being late does not count, no late charge is made and nobody is reminded; with reason and end."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="pauses")
    since = models.DateField()
    until = models.DateField()
    reason = models.CharField(max_length=300)
    by_id = models.UUIDField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("pause of days overdue")
        verbose_name_plural = _("pauses of days overdue")
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=models.F("since")), name="delinquency_pause_days")
        ]

    def __str__(self) -> str:
        return f"{self.since} – {self.until}"

    def holds(self, on: date) -> bool:
        return self.since <= on < self.until
