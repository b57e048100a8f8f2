"""What the checks of an application allow: which of them speak against it, and which could not decide."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.kyc.hits import CLEARED, CONFIRMED, Hit
from accounts.models import KycCheck


@dataclass(frozen=True)
class Findings:
    """The kinds of checks that found something against the applicant, and of those without an answer."""

    against: list[str]
    undecided: list[str]
    is_listed: bool


def findings(*, checks: Iterable[KycCheck], hits: Iterable[Hit]) -> Findings:
    """Weigh the newest checks. A hit that staff cleared no longer counts; one that they confirmed decides."""
    states = [hit.state for hit in hits]
    cleared = bool(states) and all(state == CLEARED for state in states)
    outcome = KycCheck.Outcome
    against, undecided = [], []
    for check in checks:
        if check.outcome == outcome.MISMATCH or (check.outcome == outcome.HIT and not cleared):
            against.append(check.kind)
        elif check.outcome in (outcome.UNDECIDED, outcome.PENDING):
            undecided.append(check.kind)
    return Findings(against, undecided, CONFIRMED in states)
