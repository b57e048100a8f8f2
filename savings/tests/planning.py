"""Plans as staff propose them: payloads of terms, what the form takes, and who may."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts import roles
from accounts.models import User
from accounts.tests.approving import make_colleague
from savings.interest import Rate
from savings.services.approved import plan_terms as approved
from savings.services.planning import NewPlan, TermsWish
from wallet.tests.approving import MOTIVE, VIEWS

SEES = ("savings.view_savingsplan", "savings.view_planterms", "savings.view_usersavings", *VIEWS)
NEW = NewPlan(code="rainy-day", kind="FLEXIBLE", name="Rainy day", summary="Save and take out as you like.")


def proposer() -> User:
    return make_colleague(roles.PROPOSE_PLAN, *SEES)


def approver() -> User:
    return make_colleague(roles.APPROVE_PLAN, *SEES)


def in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def rates(*percents: str) -> tuple[Rate, ...]:
    """One rate for each 100,000 naira more, whatever the term."""
    return tuple(Rate(0, number * 10_000_000, Decimal(each)) for number, each in enumerate(percents))


def wish(*percents: str, days: int = 1, **changes: Any) -> TermsWish:
    facts: dict[str, Any] = {"rates": rates(*percents or ("10",)), "source": "Board, 1 December"}
    return TermsWish(from_date=in_days(days), **{**facts, **changes})


def payload(*percents: str, plan: NewPlan | str = NEW, **changes: Any) -> dict[str, Any]:
    """What is proposed of a plan: a new one, or one by its code."""
    new = plan if isinstance(plan, NewPlan) else None
    code = plan.code if isinstance(plan, NewPlan) else plan
    return approved.as_payload(code=code, new_plan=new, wish=wish(*percents, **changes))


def typed(**changes: Any) -> dict[str, Any]:
    """The form of a new plan, filled in."""
    return {
        "plan": "+",
        "code": NEW.code,
        "kind": NEW.kind,
        "name": NEW.name,
        "summary": NEW.summary,
        "from_date": in_days(1).isoformat(),
        "rates": "0, 0, 8.5\n0, 100000, 10",
        "method": "WHOLE",
        "day_count": "ACT/365F",
        "capitalised": "END",
        "paid": "MONTH",
        "rounding": "HALF_EVEN",
        "tax": "10",
        "withdrawal_fee": "0",
        "penalty": "NONE",
        "penalty_percent": "0",
        "source": "Board, 1 December",
        **MOTIVE,
        **changes,
    }
