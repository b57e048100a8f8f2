"""What would help somebody who was declined: for each thing that weighed against them, something they can do."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# By input (`credit/inputs.py`). What nobody can change, such as an age, has none.
_HELPS: dict[str, str | Promise] = {
    "pay_to_income": _("Ask for less, or for longer, so that instalments take less of what comes in."),
    "expenses_to_income": _("Ask for less, so that a month leaves more over after what you spend."),
    "employment": _("When your work has changed, apply again and say so."),
    "months_employed": _("Apply again when you have done your work for longer."),
    "months_here": _("Use your wallet for some months: pay and be paid through it."),
    "inflow_to_income": _("Have your pay or your takings come into your Alajo wallet."),
    "savings_to_amount": _("Save some of the amount first, or ask for less."),
    "late_days_here": _("Pay the loans you have here on their days; being on time for a few months counts."),
    "arrears_here": _("Pay what is behind on your loan here. Ask for help there if you cannot."),
    "lost_here": _(
        "Write to our support about the loan that was never paid back: a plan for it can be made."
    ),
    "bureau_standing": _("Pay what the bureaux say is late, and dispute what is wrong below."),
    "bureau_late_days": _(
        "Pay loans elsewhere on their days. What is wrong on your file you can dispute below."
    ),
    "bureau_months": _(
        "A longer record of loans paid on time helps. A small loan, paid back, is a beginning."
    ),
    "inquiries": _("Wait before you apply elsewhere too: many searches in six months weigh against you."),
}


def helps(inputs: Iterable[str]) -> list[str]:
    """Return what somebody can do about each of these inputs, each once."""
    return list(dict.fromkeys(str(_HELPS[name]) for name in inputs if name in _HELPS))
