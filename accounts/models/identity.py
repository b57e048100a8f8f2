"""By what numbers a customer is known elsewhere: sealed, found by blind indexes, shown by their end."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.kyc import KycApplication
from accounts.models.people import Customer, User
from core.ids import uuid7


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
