"""What another card would have decided on applications of the past, from their records' own inputs. Pure."""

from collections.abc import Iterable
from typing import Any

from credit.decisions import inputs_in
from credit.scorecard import CannotScore, Card, Score, score


def backtest(card: Card, records: Iterable[tuple[str, str, int]]) -> dict[str, Any]:
    """Return how a card would have decided: `records` are (text, what was decided, the score), in any order.

    Figures are whole numbers, so that they can be hashed with the proposal. A record without an input that the card
    asks for cannot be scored, and is counted as that.
    """
    told = {"applications": 0, "cannot_score": 0, "passed_before": 0, "passes": 0, "hits_a_rule": 0}
    told |= {"now_passes": 0, "now_fails": 0, "points_before": 0, "points": 0}
    for text, outcome, before in records:
        told["applications"] += 1
        scored = _scored(card, text)
        if scored is None:
            told["cannot_score"] += 1
            continue
        passed, passes = outcome == "PASSED", scored.rounded >= card.cut_off and not scored.rules_hit
        told["passed_before"] += passed
        told["passes"] += passes
        told["hits_a_rule"] += bool(scored.rules_hit)
        told["now_passes"] += passes and not passed
        told["now_fails"] += passed and not passes
        told["points_before"] += before
        told["points"] += scored.rounded
    return told


def _scored(card: Card, text: str) -> Score | None:
    try:
        return score(card, {name: value for name, value in inputs_in(text).items() if name in card.inputs})
    except CannotScore:
        return None
