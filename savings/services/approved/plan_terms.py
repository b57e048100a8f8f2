"""Plans and their terms: made by two people, from a day to come on, and shown by what they would change."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.templatetags.money import money
from savings import plan_words, rate_tables
from savings.interest import Rate
from savings.models import PlanTerms, SavingsPlan, UserSavings
from savings.services import planning
from savings.services.planning import NewPlan, PlanExists, PlanUnknown, TermsExist, TermsWish
from savings.states import GOES_ON

CODE = "savings.plan_terms"
NOTHING = "–"
# What is shown of a new rate: what these amounts (kobo) earn in a year before and after.
EXAMPLES = tuple(naira * 100 for naira in (10_000, 100_000, 1_000_000))
MOST_COUNTED = 10_000
NUMBERS = ("tax", "withdrawal_fee", "penalty_percent")
PLAIN = (
    *("day_count", "method", "capitalised", "paid", "up_front", "rounding", "minimum", "maximum"),
    *("shortest", "longest", "free_withdrawals", "penalty", "source"),
)


def target_of(payload: Payload) -> str:
    return f"savings plan {payload['plan']}"


def as_payload(*, code: str, new_plan: NewPlan | None, wish: TermsWish) -> Payload:
    """Put a plan's terms into text, integers and truths."""
    return {
        "plan": code,
        "new_plan": {"kind": new_plan.kind, "name": new_plan.name, "summary": new_plan.summary}
        if new_plan
        else None,
        "from_date": wish.from_date.isoformat(),
        "cut_off": wish.cut_off.isoformat("minutes") if wish.cut_off else None,
        **{name: _stored(getattr(wish, name)) for name in PLAIN},
        **{name: plan_words.plain(getattr(wish, name)) for name in NUMBERS},
        "rates": [
            {"days": cell.term, "amount": cell.floor, "rate": plan_words.plain(cell.rate)}
            for cell in wish.rates
        ],
    }


def _stored(value: str | int | None) -> str | int | None:
    """A choice is stored as the text that it stands for."""
    return str(value) if isinstance(value, str) else value


def wish_in(payload: Payload) -> TermsWish:
    """The terms that a payload is about."""
    facts: dict[str, Any] = {name: payload[name] for name in PLAIN}
    return TermsWish(
        from_date=date.fromisoformat(payload["from_date"]),
        cut_off=time.fromisoformat(payload["cut_off"]) if payload["cut_off"] else None,
        rates=tuple(Rate(cell["days"], cell["amount"], Decimal(cell["rate"])) for cell in payload["rates"]),
        **facts,
        **{name: Decimal(payload[name]) for name in NUMBERS},  # type: ignore[arg-type]
    )


def plan_in(payload: Payload) -> NewPlan | SavingsPlan:
    """The plan that a payload is about, to be made or there already. Raises PlanUnknown."""
    facts = payload["new_plan"]
    if facts is not None:
        return NewPlan(code=payload["plan"], **facts)
    found = SavingsPlan.objects.filter(code=payload["plan"]).first()
    if found is None:
        raise PlanUnknown
    return found


def check(payload: Payload) -> None:
    """Raises as `planning.check_terms`, and PlanUnknown."""
    planning.check_terms(plan=plan_in(payload), wish=wish_in(payload), on=timezone.localdate())


def version(payload: Payload) -> str:
    """Other terms of the same plan, whatever their day, are another state of affairs."""
    terms = PlanTerms.objects.filter(plan__code=payload["plan"])
    return str(terms.order_by("-pk").values_list("pk", flat=True).first() or "")


def describe(payload: Payload) -> Described:
    """What the terms say, against those that they follow, what amounts would earn, and who is told."""
    plan, wish = plan_in(payload), wish_in(payload)
    held = planning.before(plan, wish.from_date) if isinstance(plan, SavingsPlan) else None
    return [
        *_of_plan(plan),
        (_("From"), payload["from_date"]),
        *_until(plan, wish),
        *_compared(held, wish, plan.kind),
        *_examples(held, wish, plan.kind),
        *_told(plan, held),
        (_("Where it comes from"), wish.source),
    ]


def _of_plan(plan: NewPlan | SavingsPlan) -> list[tuple[str, str]]:
    kind = str(SavingsPlan.Kind(plan.kind).label)
    named = (_("Plan"), f"{plan.name} ({plan.code}, {kind})")
    return [named, (_("What savers read"), plan.summary)] if isinstance(plan, NewPlan) else [named]


def _until(plan: NewPlan | SavingsPlan, wish: TermsWish) -> list[tuple[str, str]]:
    if isinstance(plan, NewPlan):
        return []
    later = PlanTerms.objects.filter(plan=plan, from_date__gt=wish.from_date).order_by("from_date").first()
    return [(_("Until the terms of"), later.from_date.isoformat())] if later else []


def _compared(held: PlanTerms | None, wish: TermsWish, kind: str) -> list[tuple[str | Promise, str]]:
    was = dict(plan_words.facts(held, kind=kind)) if held else {}
    said: list[tuple[str | Promise, str]] = []
    for label, now in plan_words.facts(wish, kind=kind):
        before = was.get(label, NOTHING) if held else ""
        said.append((label, now if not held or before == now else f"{before} → {now}"))
    before = plan_words.table(held.cells(), kind=kind) if held else ""
    now = plan_words.table(wish.rates, kind=kind)
    return [(_("Rates"), now if before in ("", now) else f"{before} → {now}"), *said]


def _examples(held: PlanTerms | None, wish: TermsWish, kind: str) -> list[tuple[str, str]]:
    """What amounts earn in a year, or in the shortest term, where a plan ends before a year is over."""
    term = 0 if kind == SavingsPlan.Kind.FLEXIBLE else wish.shortest or 1
    found = []
    for amount in EXAMPLES:
        now = _earned(wish.rates, wish.method, term, amount)
        was = _earned(held.cells(), held.method, term, amount) if held else now
        label = _("%(amount)s earns a year") % {"amount": money(amount, "NGN")}
        found.append((label, now if was == now else f"{was} → {now}"))
    return found


def _earned(table: Sequence[Rate], method: str, term: int, amount: int) -> str:
    try:
        hundredfold = rate_tables.yearly(table, method, term=term, balance=amount)
    except ValueError:
        return NOTHING
    return money(int(hundredfold / 100), "NGN")


def _told(plan: NewPlan | SavingsPlan, held: PlanTerms | None) -> list[tuple[str, str]]:
    if isinstance(plan, NewPlan) or held is None or plan.kind != SavingsPlan.Kind.FLEXIBLE:
        return []
    savings = UserSavings.objects.filter(plan=plan, terms=None, state__in=GOES_ON)
    many = savings.order_by()[: MOST_COUNTED + 1].count()
    said = f"{MOST_COUNTED:,}+" if many > MOST_COUNTED else f"{many:,}"
    return [(_("Savings whose owners are told"), said)]


def apply(payload: Payload, approval: Approval, at: datetime) -> None:
    """Write the terms. Raises PlanExists, TermsExist where others of that code or day came first."""
    refusals: Any = {"savings_savingsplan_code": PlanExists, "plan_terms_once": TermsExist}
    try:
        with transaction.atomic():
            planning.add_terms(
                plan=plan_in(payload),
                wish=wish_in(payload),
                at=at,
                on=timezone.localdate(at),
                approval=approval,
            )
    except IntegrityError as error:
        for name, refusal in refusals.items():
            if name in str(error):
                raise refusal from None
        raise


ACTION = ApprovalAction(
    code=CODE,
    label=gettext_lazy("Savings plan and its terms"),
    propose="savings.propose_plan_terms",
    approve="savings.approve_plan_terms",
    check=check,
    target_version=version,
    describe=describe,
    apply=apply,
)
