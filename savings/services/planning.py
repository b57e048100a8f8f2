"""Plans and their terms: made from a day to come on, never changed, and open or closed to new savings."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.core.validators import validate_slug
from django.db import transaction
from django.forms import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import Range

from accounts import audit
from accounts.models import Approval
from core.actors import acting_as_service
from core.errors import DomainError
from savings import notice_period, rate_tables
from savings.interest import Rate
from savings.models import PlanRate, PlanTerms, SavingsPlan, TermsTold
from savings.rate_tables import LONGEST_TERM, MOST_AMOUNT

LONGEST_CODE, LONGEST_NAME, LONGEST_SUMMARY, LONGEST_SOURCE = 40, 80, 300, 500
PERCENT = (Decimal(0), Decimal(100))
Kind = SavingsPlan.Kind
Penalty = PlanTerms.Penalty


class PlanUnsound(DomainError):
    """`data["field"]` names what of a plan or its terms is wrong."""

    code = "savings_plan_unsound"
    message = _("A plan cannot be made so.")
    public = ("field",)


class PlanExists(DomainError):
    code = "savings_plan_exists"
    kind = "conflict"
    message = _("There is a plan with this code already.")


class PlanUnknown(DomainError):
    code = "savings_plan_unknown"
    kind = "not_found"
    message = _("There is no such plan.")


class TermsTooSoon(DomainError):
    code = "savings_terms_too_soon"
    message = _("Terms begin tomorrow at the earliest: what was shown today stays true today.")


class TermsExist(DomainError):
    code = "savings_terms_exist"
    kind = "conflict"
    message = _("This plan has terms that begin on this day. They are never changed; choose a later day.")


class NoticeTooShort(DomainError):
    code = "savings_notice_too_short"
    message = _("A lower rate takes five working days' notice.")
    public = ("earliest",)


@dataclass(frozen=True)
class NewPlan:
    """A product that does not exist yet."""

    code: str
    kind: str
    name: str
    summary: str
    currency: str = "NGN"


@dataclass(frozen=True)
class TermsWish:
    """What terms are to say, as `PlanTerms` has it; `rates` are its table."""

    from_date: date
    rates: tuple[Rate, ...]
    source: str
    day_count: str = PlanTerms.DayCount.ACTUAL_365
    method: str = PlanTerms.Method.WHOLE
    capitalised: str = PlanTerms.Every.END
    paid: str = PlanTerms.Every.MONTH
    up_front: bool = False
    rounding: str = PlanTerms.Rounding.HALF_EVEN
    tax: Decimal = Decimal(0)
    minimum: int = 0
    maximum: int | None = None
    shortest: int | None = None
    longest: int | None = None
    cut_off: time | None = None
    free_withdrawals: int | None = None
    withdrawal_fee: Decimal = Decimal(0)
    penalty: str = Penalty.NONE
    penalty_percent: Decimal = Decimal(0)


@transaction.atomic
def add_terms(
    *, plan: NewPlan | SavingsPlan, wish: TermsWish, at: datetime, on: date, approval: Approval | None = None
) -> PlanTerms:
    """Write terms that hold from a day to come on, and the plan where it is new. `on` is today.

    Holders of an open-ended saving are told of it by a task (`telling`). The database takes terms by an applied
    approval only. Raises as `check_terms`.
    """
    check_terms(plan=plan, wish=wish, on=on)
    if isinstance(plan, NewPlan):
        held = SavingsPlan.objects.create(
            code=plan.code,
            kind=plan.kind,
            name=plan.name,
            summary=plan.summary,
            currency_id=plan.currency,
            made_at=at,
        )
    else:
        held = plan
    terms = write_terms(plan=held, wish=wish, approval=approval)
    if held.kind == Kind.FLEXIBLE and not isinstance(plan, NewPlan):
        TermsTold.objects.create(terms=terms)
    audit.record(
        action="savings.plan_terms.added",
        target=terms,
        actor_id=approval.decided_by_id if approval else None,
        plan=held.code,
        is_new=isinstance(plan, NewPlan),
        from_date=str(wish.from_date),
        approval=str(approval.pk) if approval else "",
    )
    return terms


def write_terms(*, plan: SavingsPlan, wish: TermsWish, approval: Approval | None) -> PlanTerms:
    """Write terms with their table, whatever their day: `add_terms` asks first, and tells."""
    facts = {name: getattr(wish, name) for name in wish.__dataclass_fields__ if name != "rates"}
    terms = PlanTerms.objects.create(plan=plan, approval=approval, **facts)
    PlanRate.objects.bulk_create(
        PlanRate(
            terms=terms,
            term=Range(row.term, row.term_end),
            amount=Range(row.floor, row.ceiling),
            rate=row.rate,
            base=row.base,
        )
        for row in rate_tables.rows(wish.rates, wish.method)
    )
    return terms


def check_terms(*, plan: NewPlan | SavingsPlan, wish: TermsWish, on: date) -> None:
    """Raise where a plan's terms could not be added today.

    Raises TermsTooSoon, TermsExist, PlanExists, PlanUnsound, TableUnsound, NoticeTooShort.
    """
    if wish.from_date <= on:
        raise TermsTooSoon
    if isinstance(plan, NewPlan):
        _check_plan(plan)
    elif PlanTerms.objects.filter(plan=plan, from_date=wish.from_date).exists():
        raise TermsExist
    _check_facts(plan.kind, wish)
    rate_tables.check(wish.rates)
    _check_reach(plan.kind, wish)
    if isinstance(plan, SavingsPlan):
        _check_notice(plan, wish, on)


def before(plan: SavingsPlan, day: date) -> PlanTerms | None:
    """Return the terms that those of a day follow, with their rates."""
    found = PlanTerms.objects.filter(plan=plan, from_date__lt=day).order_by("-from_date")
    return found.prefetch_related("rates").first()


def lowers_rate(plan: SavingsPlan, wish: TermsWish) -> bool:
    """Whether somebody who saves under a plan without an end would earn less from the day on."""
    held = before(plan, wish.from_date)
    if plan.kind != Kind.FLEXIBLE or held is None:
        return False
    return rate_tables.is_lower(
        wish.rates,
        held.cells(),
        methods=(wish.method, held.method),
        day_counts=(wish.day_count, held.day_count),
    )


def set_plan_open(*, plan: SavingsPlan, is_open: bool, reason: str) -> SavingsPlan:
    """Let a plan take new savings, or no more of them; those that go on are as they were. A repeat changes nothing."""
    with acting_as_service(), transaction.atomic():
        held = SavingsPlan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        if held.is_open != is_open:
            held.is_open = is_open
            held.save(update_fields=["is_open"])
            deed = "opened" if is_open else "closed"
            audit.record(action=f"savings.plan.{deed}", target=held, reason=reason)
    return held


def _check_plan(plan: NewPlan) -> None:
    try:
        validate_slug(plan.code)
    except ValidationError:
        raise PlanUnsound(_("A code has letters, digits and hyphens only."), field="code") from None
    for field, most in (("code", LONGEST_CODE), ("name", LONGEST_NAME), ("summary", LONGEST_SUMMARY)):
        if not 1 <= len(getattr(plan, field).strip()) <= most:
            raise PlanUnsound(_("Fill this in, and not at such length."), field=field)
    if plan.kind not in Kind.values:
        raise PlanUnsound(_("Choose one of those offered."), field="kind")
    if SavingsPlan.objects.filter(code=plan.code).exists():
        raise PlanExists


def _check_facts(kind: str, wish: TermsWish) -> None:
    choices = {
        "day_count": PlanTerms.DayCount,
        "method": PlanTerms.Method,
        "capitalised": PlanTerms.Every,
        "paid": PlanTerms.Every,
        "rounding": PlanTerms.Rounding,
        "penalty": Penalty,
    }
    for field, allowed in choices.items():
        if getattr(wish, field) not in allowed.values:
            raise PlanUnsound(_("Choose one of those offered."), field=field)
    if not 1 <= len(wish.source.strip()) <= LONGEST_SOURCE:
        raise PlanUnsound(_("Say where it comes from, in 500 characters at most."), field="source")
    for field in ("tax", "withdrawal_fee", "penalty_percent"):
        percent = getattr(wish, field)
        if not percent.is_finite() or not PERCENT[0] <= percent <= PERCENT[1]:
            raise PlanUnsound(_("This is between 0 and 100%."), field=field)
        if percent != percent.quantize(rate_tables.SMALLEST):
            raise PlanUnsound(_("This has four decimals at most."), field=field)
    _check_amounts(wish)
    _check_end(kind, wish)


def _check_amounts(wish: TermsWish) -> None:
    if not 0 <= wish.minimum <= MOST_AMOUNT:
        raise PlanUnsound(_("This is zero or more, and not that large."), field="minimum")
    if wish.maximum is not None and not wish.minimum <= wish.maximum <= MOST_AMOUNT:
        raise PlanUnsound(_("The most is not below the least."), field="maximum")
    if wish.free_withdrawals is not None and not 0 <= wish.free_withdrawals <= 1000:
        raise PlanUnsound(_("This is between 0 and 1,000."), field="free_withdrawals")
    if wish.free_withdrawals is None and wish.withdrawal_fee:
        raise PlanUnsound(_("Say how many are free before this is asked for."), field="free_withdrawals")
    if (wish.penalty == Penalty.NONE) != (wish.penalty_percent == 0):
        raise PlanUnsound(_("A penalty has a percentage, and none has no penalty."), field="penalty_percent")


def _check_end(kind: str, wish: TermsWish) -> None:
    """What has to do with the day on which a saving ends, which an open-ended one has not."""
    if (wish.shortest is None) != (wish.longest is None):
        raise PlanUnsound(_("Give both, or neither."), field="longest")
    if wish.shortest is not None and wish.longest is not None:
        if not 1 <= wish.shortest <= wish.longest <= LONGEST_TERM:
            raise PlanUnsound(
                _("From 1 day up to 3,660, the longest not below the shortest."), field="longest"
            )
        if kind == Kind.FLEXIBLE:
            raise PlanUnsound(_("An open-ended plan has no term."), field="shortest")
    elif kind == Kind.FIXED:
        raise PlanUnsound(_("A fixed plan says for how long."), field="shortest")
    if kind == Kind.FLEXIBLE and wish.penalty != Penalty.NONE:
        raise PlanUnsound(_("An open-ended plan cannot be broken early."), field="penalty")
    if wish.up_front and (kind != Kind.FIXED or (wish.paid, wish.capitalised) != ("END", "END")):
        words = _(
            "Only a fixed plan pays on the first day, and then neither pays nor capitalises until its end."
        )
        raise PlanUnsound(words, field="up_front")


def _check_reach(kind: str, wish: TermsWish) -> None:
    """A saving of each length that the terms allow has a rate."""
    first = min(cell.term for cell in wish.rates)
    least = 0 if kind == Kind.FLEXIBLE else wish.shortest or 1
    if first > least:
        words = _("A term of %(days)s days has no rate: begin the table there or before.")
        raise PlanUnsound(words % {"days": least}, field="rates")
    if kind == Kind.FLEXIBLE and any(cell.term for cell in wish.rates):
        raise PlanUnsound(_("An open-ended plan has no terms: each line begins at 0 days."), field="rates")


def _check_notice(plan: SavingsPlan, wish: TermsWish, on: date) -> None:
    earliest = notice_period.earliest(on)
    if wish.from_date < earliest and lowers_rate(plan, wish):
        words = _("A lower rate takes five working days' notice: from %(day)s on at the earliest.")
        raise NoticeTooShort(words % {"day": date_format(earliest)}, earliest=earliest.isoformat())
