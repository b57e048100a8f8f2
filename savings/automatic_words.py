"""What a saver reads of saving automatically."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.money import money
from savings.models import AutoSaving

Kind = AutoSaving.Kind


@dataclass(frozen=True)
class Sort:
    """One way of saving automatically, as it is offered. `slug` is its place in an address."""

    kind: str
    slug: str
    title: str | Promise
    text: str | Promise
    icon: str


SORTS = (
    Sort(
        Kind.RHYTHM,
        "fixed",
        gettext_lazy("A fixed amount"),
        gettext_lazy("Every day, week or month, on the day you choose."),
        "calendar-sync",
    ),
    Sort(
        Kind.ROUND_UP,
        "round-up",
        gettext_lazy("Round up what you spend"),
        gettext_lazy("Each payment is rounded up, and the change of the day is saved the next morning."),
        "coins",
    ),
    Sort(
        Kind.SWEEP,
        "above",
        gettext_lazy("What is above an amount"),
        gettext_lazy("You keep so much in your wallet; what is above it is saved each morning."),
        "layers-2",
    ),
)
BY_SLUG = {sort.slug: sort for sort in SORTS}
BY_KIND = {sort.kind: sort for sort in SORTS}
_RHYTHMS = {
    "DAILY": gettext_lazy("%(amount)s every day"),
    "WEEKLY": gettext_lazy("%(amount)s every week"),
    "MONTHLY": gettext_lazy("%(amount)s every month"),
}


def title(automatic: AutoSaving, currency: str) -> str:
    words = {"amount": money(automatic.amount, currency)}
    if automatic.kind == Kind.ROUND_UP:
        words = {"amount": words["amount"].removesuffix(".00")}
        return _("Payments rounded up to the next %(amount)s") % words
    if automatic.kind == Kind.SWEEP:
        return _("What is above %(amount)s in your wallet") % words
    return str(_RHYTHMS[automatic.rhythm]) % words
