"""What a saver reads of plans and savings, in plain words. Amounts are minor units (kobo)."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError
from core.templatetags.money import money
from core.templatetags.rates import percent
from savings.models import PlanTerms, SavingsPlan, UserSavings
from savings.refusals import NotEnoughSaved, SavingInvalid, TierCapExceeded, TooLittle, TooMuch
from wallet.refusals import InsufficientFunds

Every, Penalty, Kind = PlanTerms.Every, PlanTerms.Penalty, SavingsPlan.Kind

# A state's tone, as components/status.html draws it.
TONES = {
    "DRAFT": "pending",
    "ACTIVE": "success",
    "PAUSED": "pending",
    "FROZEN": "error",
    "MATURED": "info",
}


def tone(saving: UserSavings) -> str:
    return TONES.get(saving.state, "neutral")


def length(terms: PlanTerms, plan: SavingsPlan) -> str:
    """For how long one saves."""
    if plan.kind == Kind.FLEXIBLE:
        return _("As long as you like")
    if terms.shortest is None:
        return _("Until the day you choose")
    if terms.shortest == terms.longest:
        return days(terms.shortest)
    return _("%(shortest)s to %(longest)s") % {
        "shortest": terms.shortest,
        "longest": days(terms.longest or 0),
    }


def days(number: int) -> str:
    return ngettext("%(number)s day", "%(number)s days", number) % {"number": f"{number:,}"}


def amounts(terms: PlanTerms, currency: str) -> str:
    """How much a plan takes."""
    least = money(max(terms.minimum, 1), currency)
    if terms.maximum is None:
        return _("From %(least)s") % {"least": least}
    return _("%(least)s to %(most)s") % {"least": least, "most": money(terms.maximum, currency)}


def paid(terms: PlanTerms) -> str:
    """When interest is paid."""
    if terms.up_front:
        return _("All of it on the first day, to your wallet")
    return {
        Every.DAY: _("Every day"),
        Every.MONTH: _("Every month"),
        Every.QUARTER: _("Every quarter"),
        Every.HALF_YEAR: _("Every half-year"),
        Every.YEAR: _("Every year"),
        Every.END: _("At the end"),
    }[Every(terms.paid)]


def taking_out(terms: PlanTerms, plan: SavingsPlan) -> str:
    """Whether a part can be had before the end."""
    if plan.kind == Kind.FIXED:
        return _("Not before the end, but for breaking it")
    if terms.free_withdrawals is None or not terms.withdrawal_fee:
        return _("Any day, free")
    cost = percent(terms.withdrawal_fee)
    if not terms.free_withdrawals:
        return _("Any day, for %(cost)s of what you take") % {"cost": cost}
    text = ngettext(
        "%(number)s time a month free, then %(cost)s of what you take",
        "%(number)s times a month free, then %(cost)s of what you take",
        terms.free_withdrawals,
    )
    return text % {"number": terms.free_withdrawals, "cost": cost}


def breaking(terms: PlanTerms, plan: SavingsPlan) -> str:
    """What ending before the end costs."""
    if plan.kind == Kind.FLEXIBLE:
        return _("End it any day, nothing is lost")
    if terms.penalty == Penalty.LOWER_RATE:
        words = _("A rate that is %(points)s points lower, from the first day on")
        return words % {"points": percent(terms.penalty_percent).removesuffix("%")}
    if terms.penalty == Penalty.SHARE:
        return _("%(part)s of what is saved") % {"part": percent(terms.penalty_percent)}
    if terms.up_front:
        return _("Interest for the days that were not saved is taken back")
    return _("Nothing is lost")


def rate_change(plan: SavingsPlan) -> str:
    """What becomes of a saving when its plan's rate changes."""
    if plan.kind == Kind.FLEXIBLE:
        return _(
            "The rate may change from a day on, never for days that are over. We tell you, and of a lower one at least"
            " five working days before."
        )
    return _("The rate of the day on which you start stays until the end.")


def is_locked(terms: PlanTerms, plan: SavingsPlan) -> bool:
    """Whether one has to know what breaking costs before one starts."""
    return plan.kind == Kind.FIXED or (plan.kind != Kind.FLEXIBLE and terms.penalty != Penalty.NONE)


def refusal(refused: DomainError, currency: str) -> str:
    """Why something cannot be done, with its amounts as people write them."""
    facts = refused.data
    if isinstance(refused, TooLittle):
        return _("At least %(least)s at a time.") % {"least": money(facts["minimum"], currency)}
    if isinstance(refused, TooMuch):
        words = _("This plan holds at most %(most)s, so you can add %(left)s.")
        return words % {"most": money(facts["maximum"], currency), "left": money(facts["left"], currency)}
    if isinstance(refused, NotEnoughSaved):
        there = money(facts["available"], currency)
        if facts["fee"]:
            words = _("There is %(there)s in it, and taking this out costs %(fee)s.")
            return words % {"there": there, "fee": money(facts["fee"], currency)}
        return _("There is %(there)s in it.") % {"there": there}
    if isinstance(refused, TierCapExceeded):
        words = _(
            "Your wallet and your savings together may hold %(cap)s in your tier. Raise your tier for more."
        )
        return words % {"cap": money(facts["cap"], currency)}
    if isinstance(refused, InsufficientFunds):
        return _("You have %(there)s in your wallet.") % {"there": money(int(facts["available"]), currency)}
    return str(refused)


def field_of(refused: DomainError) -> str | None:
    """Which field of a form a refusal is about."""
    if isinstance(refused, SavingInvalid):
        return str(refused.data["field"])
    about_amount = TooLittle | TooMuch | NotEnoughSaved | TierCapExceeded | InsufficientFunds
    return "amount" if isinstance(refused, about_amount) else None
