"""What allows a decision on an application: whose turn it is, and what the checks found."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from accounts.kyc import reasons
from accounts.kyc.findings import Findings, findings
from accounts.kyc.hits import hits_of
from accounts.kyc.reasons import Reason
from accounts.models import KycApplication, KycDecision, User
from accounts.roles import APPROVE_KYC, REVIEW_KYC
from accounts.services.kyc.checks import latest_of_each
from core.errors import DomainError

ONE_PERSON_UP_TO = 2
RECOMMENDATION_LASTS = timedelta(days=14)
Outcome = KycDecision.Outcome


class MayNotDecide(DomainError):
    code = "kyc_may_not_decide"
    kind = "forbidden"
    message = _("You may not decide this.")


class SecondPersonNeeded(DomainError):
    code = "kyc_second_person_needed"
    kind = "forbidden"
    message = _("One person recommends this and another approves it.")


class NoSecondPersonNeeded(DomainError):
    code = "kyc_no_second_person_needed"
    kind = "conflict"
    message = _("This can be approved by one person, or was recommended already.")


class RecommendationStale(DomainError):
    code = "kyc_recommendation_stale"
    kind = "conflict"
    message = _("The recommendation is too old, or of an earlier revision. Send it back.")


class ChecksDisagree(DomainError):
    """`data["kinds"]` are the checks that speak against it."""

    code = "kyc_checks_disagree"
    kind = "conflict"
    message = _("A check speaks against it. Only an override by somebody who may approve goes past it.")


class ChecksUndecided(DomainError):
    code = "kyc_checks_undecided"
    kind = "conflict"
    message = _("A check could not decide. Say that you saw it by hand, and what you saw.")


class OnAList(DomainError):
    code = "kyc_on_a_list"
    kind = "conflict"
    message = _("A colleague confirmed that this person is on a sanctions list. This cannot be approved.")


def needs_second_person(application: KycApplication, found: Findings) -> bool:
    """Whether one person is not enough to approve this."""
    return application.target_tier > ONE_PERSON_UP_TO or bool(found.against)


def outcomes_for(*, application: KycApplication, user: User) -> list[str]:
    """Return what this person could decide on a case that they hold; the services ask everything again."""
    first, second = user.has_perm(REVIEW_KYC), user.has_perm(APPROVE_KYC)
    found = findings_of(application)
    outcomes: list[str] = []
    if application.recommended_by_id:
        if second and application.recommended_by_id != user.pk:
            outcomes += [Outcome.APPROVE, Outcome.SEND_BACK]
    elif first and needs_second_person(application, found):
        outcomes.append(Outcome.RECOMMEND)
    elif first:
        outcomes.append(Outcome.APPROVE)
    return [*outcomes, Outcome.ASK_MORE, Outcome.REJECT] if first else outcomes


def needs(by: User, right: str) -> None:
    if not by.has_perm(right):
        raise MayNotDecide


def findings_of(application: KycApplication) -> Findings:
    return findings(checks=latest_of_each(application), hits=hits_of(application))


def right_to_approve(application: KycApplication, by: User, found: Findings, at: datetime) -> None:
    """One person up to tier 2; else whoever may approve what another recommended, lately and of this revision."""
    if application.recommended_by_id is None:
        needs(by, REVIEW_KYC)
        if application.target_tier > ONE_PERSON_UP_TO:
            raise SecondPersonNeeded
        if found.against:
            raise ChecksDisagree(kinds=found.against)
        return
    if application.recommended_by_id == by.pk:
        raise SecondPersonNeeded
    needs(by, APPROVE_KYC)
    recommended = application.decisions.filter(outcome=Outcome.RECOMMEND).order_by("-id").first()
    if (
        recommended is None
        or recommended.revision != application.revision
        or recommended.at + RECOMMENDATION_LASTS <= at
    ):
        raise RecommendationStale


def answered_by(reason: Reason, found: Findings) -> None:
    """Raise unless the reason answers what the checks found."""
    if found.is_listed:
        raise OnAList
    if found.against and not reason.overrides:
        raise ChecksDisagree(kinds=found.against)
    if found.undecided and not reason.overrides and reason.code != reasons.BY_HAND:
        raise ChecksUndecided(kinds=found.undecided)
