"""What a plan offers for an amount and a time, as pages and apps show it before anybody decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from savings import interest, penalties, projection
from savings.interest import Terms
from savings.models import PlanTerms, SavingsPlan
from savings.penalties import Ending
from savings.projection import Outcome, Penalty
from savings.services.terms import LONGEST

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Offer:
    """A plan under the terms of a day, for `amount` (minor units) that is saved for `days` from `start` on.

    `rate` and `apy` are percent a year; `outcome` is what it comes to; `at_mid_term` what breaking half-way would.
    """

    plan: SavingsPlan
    terms: PlanTerms
    amount: int
    start: date
    days: int
    rate: Decimal
    apy: Decimal
    outcome: Outcome
    at_mid_term: Ending
    without_penalty: Ending
    on_first_day: Ending
    moves: Mapping[date, int]

    @property
    def end(self) -> date:
        return self.start + self.days * DAY

    @property
    def mid_term(self) -> date:
        return self.start + max(self.days // 2, 1) * DAY

    @property
    def cost_at_mid_term(self) -> int:
        """What breaking half-way costs, against a plan that takes no penalty; after tax."""
        return self.without_penalty.pays_out - self.at_mid_term.pays_out

    @property
    def cost_on_first_day(self) -> int:
        """What breaking before a day is over costs: nothing was earned, so only a share of what was saved is lost."""
        return self.on_first_day.penalty

    @property
    def kept_at_mid_term(self) -> int:
        """The interest that breaking half-way leaves, after tax."""
        put_in = sum(self.moves[day] for day in self.moves if day <= self.mid_term)
        return self.at_mid_term.pays_out + self.at_mid_term.penalty - put_in + self.outcome.up_front.net


def offer_of(
    plan: SavingsPlan,
    terms: PlanTerms,
    *,
    amount: int,
    start: date,
    days: int,
    monthly: int = 0,
    earns: bool = True,
) -> Offer:
    """Work out what saving an amount comes to. `terms` are to be fetched with their rates.

    Whoever wished for no interest does not earn.

    Raises ValueError for a time that the terms have no rate for.
    """
    rule = rule_of(plan, terms, days)
    if not earns:
        rule = penalties.lowered(rule, interest.HIGHEST)
    end = start + days * DAY
    moves = projection.payments(first=amount, monthly=monthly, start=start, end=end)
    outcome = projection.ahead({start: rule}, start=start, end=end, moves=moves, is_up_front=terms.up_front)
    half_way = start + max(days // 2, 1) * DAY

    def broken(penalty: Penalty, on: date) -> Ending:
        return projection.broken(rule, penalty, start=start, on=on, moves=moves, early=outcome.up_front)

    return Offer(
        plan=plan,
        terms=terms,
        amount=amount,
        start=start,
        days=days,
        rate=interest.whole_rate(rule, amount),
        apy=projection.yield_of(
            rule,
            amount=max(amount, 1),
            start=start,
            days=days if has_end(plan) else None,
            is_up_front=terms.up_front,
        ),
        outcome=outcome,
        at_mid_term=broken(penalty_of(plan, terms), half_way),
        without_penalty=broken(Penalty(), half_way),
        on_first_day=broken(penalty_of(plan, terms), start),
        moves=moves,
    )


def rule_of(plan: SavingsPlan, terms: PlanTerms, days: int) -> Terms:
    """Return what terms pay for a time. A saving without an end is under the rates of the shortest one.

    Raises ValueError where there are none.
    """
    return terms.for_term(days if has_end(plan) else 0)


def penalty_of(plan: SavingsPlan, terms: PlanTerms) -> Penalty:
    """What breaking costs: nothing where a plan has no end that one could come before."""
    return Penalty(terms.penalty, terms.penalty_percent) if has_end(plan) else Penalty()


def has_end(plan: SavingsPlan) -> bool:
    return plan.kind != SavingsPlan.Kind.FLEXIBLE


def fitting(terms: PlanTerms, days: int) -> int:
    """Return the days that a plan covers which come nearest to so many."""
    return min(max(days, terms.shortest or 1), terms.longest or LONGEST)
