"""What borrowers read of products, applications and refusals, in plain words. Amounts are minor units (kobo)."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.templatetags.money import money
from core.templatetags.rates import percent
from credit.application_rules import Step
from credit.comparing import Bar
from credit.models import Application, Position, ProductTerms, StatusChange
from credit.penalties import LateCharge
from credit.product_rules import ProductRules
from credit.released import FIELDS
from credit.states import Event, Guard, GuardUnmet, State
from credit.terms import Method
from wallet.services import Limits

WHOLE = 100
# An application that has become a loan: its own page says more.
LOAN_STATES = (
    *(State.ACTIVE, State.OVERPAID, State.CHARGED_OFF, State.WRITTEN_OFF),
    *(State.CLOSED_MET, State.CLOSED_REFINANCED),
)
# A state's tone, as components/status.html draws it.
TONES = {
    State.DRAFT: "neutral",
    State.SUBMITTED: "pending",
    State.INCOMPLETE: "pending",
    State.DECLINED: "error",
    State.LISTED: "info",
    State.OFFERED: "info",
    State.ACCEPTED: "pending",
    State.SIGNED: "pending",
    State.ACTIVE: "success",
    State.CLOSED_MET: "success",
}
_EVENTS: dict[str, str | Promise] = {
    Event.SUBMIT: gettext_lazy("You sent it"),
    Event.ASK: gettext_lazy("We asked you for more"),
    Event.ANSWER: gettext_lazy("You answered"),
    Event.DECLINE: gettext_lazy("It was declined"),
    Event.REOPEN: gettext_lazy("A person looked again, and it goes on"),
    Event.OPEN: gettext_lazy("It was opened to lenders"),
    Event.OFFER: gettext_lazy("The first offer came"),
    Event.EXPIRE: gettext_lazy("It expired"),
    Event.WITHDRAW: gettext_lazy("You withdrew it"),
    Event.ACCEPT: gettext_lazy("You accepted an offer"),
    Event.FAIL_CHECK: gettext_lazy("The lender’s last check found something"),
    Event.SIGN: gettext_lazy("It was signed by both sides"),
    Event.CANCEL: gettext_lazy("You cancelled it"),
    Event.DISBURSE: gettext_lazy("It was paid out"),
    Event.REPAY: gettext_lazy("A payment came in"),
    Event.RECOVER: gettext_lazy("A payment came in"),
    Event.REVERSE_PAYMENT: gettext_lazy("A payment was taken back"),
    Event.FALL_BEHIND: gettext_lazy("An instalment became late"),
    Event.RESCHEDULE: gettext_lazy("Its instalments were changed"),
    Event.RE_AGE: gettext_lazy("What was late is asked for later"),
    Event.REFUND: gettext_lazy("What was paid too much went back"),
    Event.UNDO_DISBURSAL: gettext_lazy("The payout was undone"),
}
_METHODS: dict[str, str | Promise] = {
    Method.LEVEL: gettext_lazy("The same instalment each time"),
    Method.EQUAL_PRINCIPAL: gettext_lazy("The same part of the loan each time, so instalments shrink"),
    Method.FLAT: gettext_lazy("The same instalment each time, interest on all that was lent"),
    Method.INTEREST_ONLY: gettext_lazy("Interest only, and the whole loan with the last instalment"),
}
_UNMET: dict[str, str | Promise] = {
    Guard.COMPLETE_FILE: gettext_lazy("Some steps are not done yet."),
    Guard.CONSENT: gettext_lazy("We need your consent first."),
    Guard.KYC_TIER: gettext_lazy("We have to know you better for so large a loan."),
}


def tone(application: Application) -> str:
    return TONES.get(State(application.state), "neutral")


def happened(change: StatusChange) -> str:
    return str(_EVENTS.get(change.event) or change.get_now_display())


def released(application: Application) -> list[str]:
    """What lenders may see of it, by its labels."""
    return [str(field.label) for field in FIELDS if field.always or field.name in application.released]


def owed(position: Position) -> int:
    """All that is owed of a loan but for interest that is not due yet."""
    return position.principal + position.due_interest + position.fees + position.penalties


def months(number: int) -> str:
    return ngettext("%(number)s month", "%(number)s months", number) % {"number": number}


def amounts(terms: ProductTerms) -> str:
    currency = terms.product.currency_id
    return _("%(least)s to %(most)s") % {
        "least": money(terms.least, currency),
        "most": money(terms.most, currency),
    }


def length(terms: ProductTerms) -> str:
    if terms.shortest == terms.longest:
        return months(terms.longest)
    return _("%(shortest)s to %(longest)s") % {"shortest": terms.shortest, "longest": months(terms.longest)}


def instalments(terms: ProductTerms) -> str:
    """How many instalments, where they are not a month apart."""
    words = _("%(shortest)s to %(longest)s instalments")
    return words % {"shortest": terms.shortest, "longest": terms.longest}


def rates(terms: ProductTerms) -> str:
    words = _("This loan costs %(lowest)s to %(highest)s a year.")
    return words % {"lowest": percent(terms.lowest_rate), "highest": percent(terms.highest_rate)}


def method(rules: ProductRules) -> str:
    """How a loan is paid back, with the figures that its method has."""
    if rules.method is Method.BALLOON:
        words = _("Smaller instalments, and %(part)s of the loan that waits for the last")
        return words % {"part": percent(rules.balloon)}
    if rules.method is Method.GRADUATED:
        return _graduated(rules)
    if rules.method is Method.STEPPED:
        weights = " : ".join(f"{one.normalize():f}" for one in rules.weights)
        return _("Instalments in the proportion %(weights)s, over and over") % {"weights": weights}
    return str(_METHODS[rules.method])


def _graduated(rules: ProductRules) -> str:
    said = {"percent": percent(abs(rules.growth)), "number": rules.growth_every}
    if rules.growth > 0:
        words = ngettext(
            "Each instalment is %(percent)s larger than the one before",
            "After every %(number)s instalments they are %(percent)s larger",
            rules.growth_every,
        )
    else:
        words = ngettext(
            "Each instalment is %(percent)s smaller than the one before",
            "After every %(number)s instalments they are %(percent)s smaller",
            rules.growth_every,
        )
    return words % said


def late(charge: LateCharge, currency: str) -> str:
    """What is charged for an instalment that is late."""
    if not charge.percent:
        return _("Nothing is charged")
    said = _("%(percent)s of what is late") % {"percent": percent(charge.percent)}
    if charge.most is not None:
        most = money(charge.most, currency)
        said = _("%(charge)s, at most %(most)s for an instalment") % {"charge": said, "most": most}
    if charge.cap < WHOLE:
        words = _("%(charge)s, and never more than %(cap)s of the loan in all")
        said = words % {"charge": said, "cap": percent(charge.cap)}
    if charge.days_free:
        words = ngettext(
            "%(charge)s; the first day costs nothing",
            "%(charge)s; the first %(days)s days cost nothing",
            charge.days_free,
        )
        said = words % {"charge": said, "days": charge.days_free}
    return said


def bar(found: Bar, terms: ProductTerms, limits: Limits | None) -> str:
    """Why somebody could not get a product as they ask for it, and what would have to be otherwise."""
    if found is Bar.RHYTHM:
        return _("Is not paid back month by month")
    if found is Bar.AMOUNT:
        return _("Lends %(amounts)s") % {"amounts": amounts(terms)}
    if found is Bar.TERM:
        return _("Lends for %(length)s") % {"length": length(terms)}
    if found is Bar.TIER:
        cap = money(limits.balance_cap or 0 if limits else 0, terms.product.currency_id)
        return _("Your tier holds at most %(cap)s: raise it first") % {"cap": cap}
    return _("More than your month carries")


def unmet(refusal: GuardUnmet, missing: list[Step]) -> list[str]:
    """What is missing before an application can be sent, each named."""
    said = []
    for guard in refusal.data["unmet"]:
        if guard == Guard.COMPLETE_FILE and missing:
            said += [_("%(step)s: not done yet.") % {"step": step.title} for step in missing]
        else:
            said.append(str(_UNMET.get(guard, refusal)))
    return said
