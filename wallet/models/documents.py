from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from wallet.models.ledger import Account


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, user: Any) -> "DocumentQuerySet":
        return self.filter(account__in=Account.objects.visible_to(user).values("pk"))


class Document(models.Model):
    """A paper that we gave out: anybody who has its code may ask whether it is ours. Never changed.

    `subject_id` is the row it is about, `account` whose side of it is told (null: the operator's own). `facts` are
    what it says beside the books, such as names, so that it can be drawn again to the letter when those have changed;
    `sha256` is over all that it says.
    """

    class Kind(models.TextChoices):
        STATEMENT = "STATEMENT", _("Account statement")
        RECEIPT = "RECEIPT", _("Receipt")
        RECONCILIATION = "RECONCILIATION", _("Reconciliation report")
        SETTLEMENT = "SETTLEMENT", _("Settlement report")
        SAVINGS_STATEMENT = "SAVINGS_STATEMENT", _("Savings statement")
        INTEREST_CERTIFICATE = "INTEREST_CERTIFICATE", _("Interest certificate")
        LOAN_AGREEMENT = "LOAN_AGREEMENT", _("Loan agreement")
        LOAN_STATEMENT = "LOAN_STATEMENT", _("Loan statement")
        DISCHARGE_LETTER = "DISCHARGE_LETTER", _("Discharge letter")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject_id = models.UUIDField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    language = models.CharField(max_length=10, default="en")
    facts = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField()

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "account"], nulls_distinct=False, name="document_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
