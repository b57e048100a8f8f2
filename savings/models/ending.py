from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import posting_id, uuid7
from savings.models.plans import PlanTerms
from savings.models.savings import UserSavings


class ClosingQuote(models.Model):
    """What ending a saving on a day comes to, to the kobo, as it was shown: it is done exactly so, or not at all.

    Amounts are minor units. `earned` is all interest up to the day, before tax; `interest` is what of it is paid now
    and `tax` what is withheld of that; `taken_back` is interest that was paid and is not due, `tax_back` the tax that
    had been withheld of it. `pays_out` = balance + interest - tax - taken_back + tax_back - penalty.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    saving = models.ForeignKey(UserSavings, on_delete=models.PROTECT, related_name="quotes")
    terms = models.ForeignKey(PlanTerms, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    is_early = models.BooleanField()
    balance = models.BigIntegerField()
    earned = models.BigIntegerField()
    interest = models.BigIntegerField()
    tax = models.BigIntegerField()
    taken_back = models.BigIntegerField()
    tax_back = models.BigIntegerField()
    penalty = models.BigIntegerField()
    pays_out = models.BigIntegerField()
    posting_id = models.UUIDField(default=posting_id, editable=False, unique=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("closing quote")
        verbose_name_plural = _("closing quotes")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    pays_out=models.F("balance")
                    + models.F("interest")
                    - models.F("tax")
                    - models.F("taken_back")
                    + models.F("tax_back")
                    - models.F("penalty"),
                    pays_out__gte=0,
                ),
                name="closing_quote_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def holds(self, at: datetime) -> bool:
        return self.used_at is None and at < self.expires_at

    @property
    def net(self) -> int:
        """The interest that is paid now, after tax, minor units."""
        return self.interest - self.tax

    @property
    def back(self) -> int:
        """Interest that is taken back, less the tax of it that is given back, minor units."""
        return self.taken_back - self.tax_back

    @property
    def costs(self) -> int:
        """What of the money that was saved is lost by ending now, minor units."""
        return self.back + self.penalty
