"""The closing of days for all savings, as staff see it."""

from django.utils.translation import gettext_lazy as _

from core.staff import amount
from core.staff_rolls import RollPage, Told, register
from savings.admin.saving_panels import kobo
from savings.models import UserSavings
from savings.services import SAVINGS

PAID = Told("paid", _("Interest paid"), lambda paid: amount(paid, "NGN"))
PAGE = RollPage(
    SAVINGS,
    parked_in=UserSavings,
    title=_("Closing of days"),
    is_over=_("Closed for all savings"),
    closed=_("Savings closed"),
    short=_(
        "Savings that somebody writes to are closed by that, and are in no part: their number here may stay below."
    ),
    sums=[
        Told("accrued", _("Earned"), kobo),
        PAID,
        Told("tax", _("Tax withheld"), lambda tax: amount(tax, "NGN")),
    ],
    parts=[PAID],
)
register(PAGE, order=32)
