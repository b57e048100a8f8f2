"""How a saving goes on from where it stands: its days to come as the roll will close them, if nothing changes."""

from datetime import date

from savings import interest, penalties, projection
from savings.cards import coming
from savings.interest import DAY, Standing, Terms
from savings.models import AutoSaving, Move, PlanTerms, Position, UserSavings
from savings.projection import YEAR, Outcome


def outlook_of(
    saving: UserSavings,
    terms: PlanTerms,
    position: Position | None,
    automatic: AutoSaving | None,
    *,
    on: date,
) -> Outcome | None:
    """Close a saving's days ahead: to its end, or for a year where it has none. What `automatic` saves is counted.

    None for one that has not begun, is over, or is being looked into.
    """
    if position is None or position.next_day is None or position.parked_at is not None:
        return None
    start = position.next_day
    end = saving.matures_on or on + YEAR * DAY
    if end <= start:
        return None
    moves = coming(automatic, since=on, before=end)
    for day, amount in Move.objects.filter(saving=saving, value_date__gte=start).values_list(
        "value_date", "amount"
    ):
        moves[day] = moves.get(day, 0) + amount
    rule = rule_of(saving, terms, position, on=on)
    if not position.earns:
        rule = penalties.lowered(rule, interest.HIGHEST)
    standing = Standing(position.balance, position.carry, position.capital)
    return projection.ahead({start: rule}, start=start, end=end, moves=moves, standing=standing)


def rule_of(saving: UserSavings, terms: PlanTerms, position: Position | None, *, on: date) -> Terms:
    """What a saving is paid: by the length that it was begun for, or will be begun for today."""
    if position is not None and position.term:
        return terms.for_term(position.term)
    return terms.for_term(max((saving.matures_on - on).days, 1) if saving.matures_on else 0)
