"""The closing of days for all loans, as staff see it."""

from django.utils.translation import gettext_lazy as _

from core.staff import amount
from core.staff_rolls import RollPage, Told, register
from credit.models import Loan
from credit.services.closing import LOANS

FOLDED = Told("folded", _("Of which worked out anew"), lambda folded: f"{folded:,}")
PAGE = RollPage(
    LOANS,
    parked_in=Loan,
    title=_("Closing of loans’ days"),
    is_over=_("Closed for all loans"),
    closed=_("Loans closed"),
    short=_(
        "A loan that somebody writes to is closed by that, and is in no part: the number here may stay below."
    ),
    sums=[
        Told("accrued", _("Interest earned, to the kobo"), lambda accrued: amount(int(accrued), "NGN")),
        FOLDED,
    ],
    parts=[FOLDED],
)
register(PAGE, order=38)
