"""An application is scored by the card in force, and goes the way that its score says.

It is listed where it passes. A hard rule declines it, unless only a disputed entry at a bureau says so: that an officer
decides. So does an officer where the score falls short: nobody is declined by a score alone. Where a bureau gives no
answer nothing is decided; it is asked again, and in the end an officer has the case.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts import audit
from accounts.services.kyc.identified import NotIdentified
from core.actors import acting_as_service
from core.errors import DomainError
from credit.card_data import card_hash, card_of
from credit.decisions import Decision, decide
from credit.models import (
    AdverseAction,
    Application,
    BureauReport,
    Case,
    Consent,
    CreditScore,
    ScorecardVersion,
)
from credit.reasons import Cause, sentence
from credit.scorecard import CannotScore, Card
from credit.services import adverse
from credit.services.cases import open_case
from credit.services.facts import counted_reports, inputs_of
from credit.services.listing import list_application
from credit.services.locking import lock_application
from credit.services.searching import (
    NoConsent,
    SearchRefused,
    SearchUnderway,
    is_due,
    search_soft,
    standing_consent,
    standing_reports,
)
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State

Kind = Case.Kind
AT_ONCE, LOOKED_AT = 100, 1000
# An application is looked at again this long after it last changed, where nothing else says when.
SETTLES = timedelta(seconds=30)


class NoCard(DomainError):
    code = "credit_no_scorecard"
    kind = "unavailable"


def score_application(*, application_id: UUID, at: datetime) -> CreditScore | None:
    """Search where that is due, and score; return the score, or None where nothing could be decided yet.

    Safe to run twice, and at once. Outside every transaction. Raises ApplicationNotFound.
    """
    try:
        searched = search_soft(application_id=application_id, at=at)
    except (SearchRefused, SearchUnderway):
        return None
    except NoConsent as refused:
        _undecided(application_id, at, f"consent: {refused.data['kind']}")
        return None
    except NotIdentified as refused:
        _undecided(application_id, at, refused.code)
        return None
    if searched.given_up:
        _undecided(application_id, at, f"no answer: {', '.join(searched.missing)}")
    if searched.missing:
        return None
    return decide_application(application_id=application_id, at=at)


def decide_application(*, application_id: UUID, at: datetime) -> CreditScore | None:
    """Score by the reports that are there, and take the step that follows; None where it is not waiting for that.

    Raises ApplicationNotFound, NoCard.
    """
    with acting_as_service():
        application = lock_application(application_id)
        if application.state != State.SUBMITTED or _waits_for_an_officer(application):
            return None
        try:
            for needed in (Consent.Kind.SOFT_SEARCH, Consent.Kind.SCORING):
                standing_consent(application, needed, at=at)
        except NoConsent as refused:
            open_case(application, Kind.UNDECIDED, at=at, text=f"consent: {refused.data['kind']}")
            return None
        reports = standing_reports(application, kind=BureauReport.Kind.SOFT, at=at)
        version = card_in_force(at=at)
        card = card_of(version.card)
        try:
            full = _decide(card, application, reports, at)
            clean = _undisputed(card, application, reports, at)
        except CannotScore as error:
            open_case(application, Kind.UNDECIDED, at=at, text=str(error))
            return None
        return _follow(application, version, full, clean, reports, at)


def card_in_force(*, at: datetime) -> ScorecardVersion:
    """Return the card by which applications are scored on a day. Raises NoCard."""
    found = (
        ScorecardVersion.objects.filter(from_date__lte=timezone.localdate(at)).order_by("-from_date").first()
    )
    if found is None:
        raise NoCard
    if card_hash(card_of(found.card)) != found.sha256:
        raise ValueError(f"{found} is not the card that was agreed on")
    return found


def due_to_score(*, at: datetime) -> list[UUID]:
    """Return applications that wait to be scored, for no officer and for no bureau's turn, the oldest first."""
    open_cases = Case.objects.filter(application=OuterRef("pk"), decided_at=None, kind__in=list(_HOLDING))
    asked = BureauReport.objects.filter(application=OuterRef("pk"), asked_at__gt=at - SETTLES)
    sent = Application.objects.filter(state=State.SUBMITTED, changed_at__lte=at - SETTLES)
    found = sent.exclude(Exists(open_cases)).exclude(Exists(asked)).order_by("changed_at", "id")
    waiting = list(found[:LOOKED_AT])
    failures = BureauReport.objects.filter(application__in=waiting, state=BureauReport.State.FAILED)
    failed = set(failures.values_list("application_id", flat=True))
    due = (one.pk for one in waiting if one.pk not in failed or is_due(one, at=at))
    return list(islice(due, AT_ONCE))


_HOLDING = (Kind.REFERRED, Kind.UNDECIDED, Kind.DISPUTE)


def _waits_for_an_officer(application: Application) -> bool:
    return application.cases.filter(decided_at=None, kind__in=_HOLDING).exists()


def _undisputed(
    card: Card, application: Application, reports: Mapping[str, BureauReport], at: datetime
) -> Decision | None:
    """What the card says without the reports that are disputed; None where none is."""
    kept = {code: row for code, row in reports.items() if row.disputed_at is None}
    if len(kept) == len(reports):
        return None
    return _decide(card, application, kept, at)


def _decide(
    card: Card, application: Application, reports: Mapping[str, BureauReport], at: datetime
) -> Decision:
    """By just the inputs that the card asks for: nothing else is kept of an applicant. Raises CannotScore."""
    found = inputs_of(application, reports, at=at)
    return decide(card, [one for one in found if one.name in card.inputs])


def _follow(
    application: Application,
    version: ScorecardVersion,
    full: Decision,
    clean: Decision | None,
    reports: Mapping[str, BureauReport],
    at: datetime,
) -> CreditScore:
    """Keep the decision and go its way."""
    hard = [one for one in full.reasons if one.cause is Cause.RULE]
    if hard and clean is not None:
        # Declined by itself only where a rule is hit without what is disputed; then by that record.
        still = [one for one in clean.reasons if one.cause is Cause.RULE]
        if not still:
            score = keep(application, version, full)
            open_case(application, Kind.DISPUTE, at=at, text=sentence(hard[0]))
            return score
        full, hard = clean, still
        reports = {code: row for code, row in reports.items() if row.disputed_at is None}
    score = keep(application, version, full)
    if hard:
        decline(application, score, full, counted_reports(reports), at=at)
    elif score.outcome == CreditScore.Outcome.PASSED:
        list_application(application, at)
    else:
        text = f"{score.score} < {score.cut_off}"
        open_case(application, Kind.REFERRED, at=at, text=text)
    return score


def keep(application: Application, version: ScorecardVersion, decision: Decision) -> CreditScore:
    """Write a decision down, with the record that replays to it."""
    score = CreditScore.objects.create(
        application=application,
        card=version,
        outcome=decision.outcome,
        score=decision.score.rounded,
        cut_off=version.card["cut_off"],
        pd=decision.score.pd,
        hard_rules=len(decision.score.rules_hit),
        record=decision.record,
        sha256=decision.sha256,
        reasons=[one.facts() for one in decision.reasons],
    )
    audit.record(
        action="credit.scored",
        target=application,
        score=score.score,
        outcome=str(score.outcome),
        card=str(version),
        sha256=score.sha256,
    )
    return score


def decline(
    application: Application,
    score: CreditScore,
    decision: Decision,
    counted: list[dict[str, str]],
    *,
    at: datetime,
) -> None:
    """Decline by a hard rule, with the notice that is due for it."""
    told = adverse.declare_adverse(
        application,
        kind=AdverseAction.Kind.DECLINED,
        reasons=[sentence(one) for one in decision.reasons],
        at=at,
        score=score,
        bureaux=counted,
    )
    holding = (Guard.HARD_RULE_HIT, Guard.REASONS_STORED, Guard.NOTICE_QUEUED)
    rules = ", ".join(one.name for one in decision.reasons if one.cause is Cause.RULE)
    step(application, Event.DECLINE, who=Actor.SYSTEM, at=at, holding=holding, reason=rules)
    send_after_commit(told, at=at)


def send_after_commit(told: AdverseAction, *, at: datetime) -> None:
    transaction.on_commit(partial(adverse.send_adverse, action_id=told.pk, at=at), robust=True)


def _undecided(application_id: UUID, at: datetime, why: str) -> None:
    """An officer has it from here; nothing was decided."""
    with acting_as_service():
        application = lock_application(application_id)
        if application.state == State.SUBMITTED:
            open_case(application, Kind.UNDECIDED, at=at, text=why)
