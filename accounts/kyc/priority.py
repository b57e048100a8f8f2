"""Which applications staff should look at first: a number from 0 to 100, by a rule that is all here. Pure.

| what is known | points |
|---|---|
| a screening hit that nobody cleared; the same to the day of birth | 50; 80 |
| each check that does not agree, at most three | 15 |
| each check that agrees in part, at most three | 5 |
| a document that others sent too | 20 |
| asks for tier 2; for tier 3 | 5; 10 |
| the account is less than 30 days old; less than 7 | 3; 8 |
"""

from collections.abc import Collection, Mapping

from accounts.models import KycCheck

Outcome = KycCheck.Outcome
HIGHEST = 100
_TIERS = {2: 5, 3: 10}


def priority(
    *,
    target_tier: int,
    days_old: int,
    outcomes: Collection[str],
    reasons: Mapping[str, int],
    exact_hit: bool,
) -> int:
    """Return the priority by the outcomes of the latest checks, and how many of them gave which reason."""
    found = list(outcomes)
    points = _TIERS.get(target_tier, 0)
    points += 8 if days_old < 7 else 3 if days_old < 30 else 0
    if Outcome.HIT in found:
        points += 80 if exact_hit else 50
    points += 15 * min(found.count(Outcome.MISMATCH), 3) + 5 * min(found.count(Outcome.PARTIAL), 3)
    points += 20 if reasons.get("sent_by_others") else 0
    return min(points, HIGHEST)
