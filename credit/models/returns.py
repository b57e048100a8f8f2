from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from credit.models.loans import Loan


class BureauReturn(models.Model):
    """What the credit bureaux are told of all loans for one month, and of months before that were told wrong.

    Append-only, once for each month (its first day). `rows` counts all lines, `corrections` those of earlier months;
    the sums are over all lines, minor units (kobo).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    month = models.DateField(unique=True)
    rows = models.PositiveIntegerField()
    corrections = models.PositiveIntegerField()
    lent = models.BigIntegerField()
    balance = models.BigIntegerField()
    overdue = models.BigIntegerField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("monthly return to the bureaux")
        verbose_name_plural = _("monthly returns to the bureaux")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class ReportedLoan(models.Model):
    """One line of a return: how a loan stood when `month` ended, as far as was known when the return was made.

    A line of another month than its return's corrects what was told of that month, or makes up for a line that was
    missing. Append-only; minor units (kobo). `balance` is principal, of a loan that was given up all that is owed.
    """

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Open")
        CLOSED = "CLOSED", _("Paid off")
        CHARGED_OFF = "CHARGED_OFF", _("Charged off")
        WRITTEN_OFF = "WRITTEN_OFF", _("Written off")

    id = models.BigAutoField(primary_key=True)
    of_return = models.ForeignKey(
        BureauReturn, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="reported", db_index=False)
    month = models.DateField()
    status = models.CharField(max_length=11, choices=Status.choices)
    balance = models.BigIntegerField()
    overdue = models.BigIntegerField()
    days_late = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("reported loan")
        verbose_name_plural = _("reported loans")
        constraints = [
            models.UniqueConstraint(fields=["loan", "month", "of_return"], name="reported_loan_once"),
            models.CheckConstraint(
                condition=Q(balance__gte=0, overdue__gte=0), name="reported_loan_not_below_zero"
            ),
        ]
        indexes = [models.Index(fields=["of_return", "loan"], name="reported_loans_of_return")]

    def __str__(self) -> str:
        return f"{self.loan_id} {self.month:%Y-%m}"


class BureauFile(models.Model):
    """The file of a return for one bureau, kept sealed under `object_name`; append-only, once for each bureau.

    `sha256` is the hash of what is sent, `bytes` its length. Its id is the key under which it is sent, every time.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    of_return = models.ForeignKey(
        BureauReturn, on_delete=models.PROTECT, related_name="files", db_index=False
    )
    bureau = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveBigIntegerField()
    object_name = models.CharField(max_length=200)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("file for a bureau")
        verbose_name_plural = _("files for bureaux")
        constraints = [models.UniqueConstraint(fields=["of_return", "bureau"], name="bureau_file_once")]

    def __str__(self) -> str:
        return f"{self.bureau} {self.sha256[:12]}"


class FileDelivery(models.Model):
    """One try to hand a file to its bureau: taken (with its receipt), refused, or no answer. Append-only."""

    class Outcome(models.TextChoices):
        TAKEN = "TAKEN", _("Taken")
        REFUSED = "REFUSED", _("Refused")
        FAILED = "FAILED", _("No answer")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.ForeignKey(BureauFile, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    receipt = models.CharField(max_length=80, blank=True)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("delivery of a file")
        verbose_name_plural = _("deliveries of files")
        constraints = [
            models.UniqueConstraint(
                fields=["file"], condition=Q(outcome="TAKEN"), name="bureau_file_taken_once"
            )
        ]
        indexes = [models.Index(fields=["file", "at"], name="deliveries_of_file")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.at:%Y-%m-%d %H:%M}"
