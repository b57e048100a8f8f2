"""An officer decides on a case, for a reason from the list and in words; each decision is final.

Listing above ₦1,000,000 what the score would not takes two people: one recommends, another decides. The database
refuses that they are one.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit import scoring_tasks
from credit.case_reasons import ASKED_IN_WORDS, LISTS, REASONS, TWO_PEOPLE_ABOVE, Decision
from credit.models import AdverseAction, Application, BureauReport, Case, CreditScore, Question
from credit.notices.scoring import refusal_in_words, tell
from credit.reasons import Reason, sentence
from credit.services import adverse
from credit.services.cases import OVERRIDE, WORK, CaseNotFound, NotForYou, held
from credit.services.facts import counted_reports
from credit.services.listing import list_application
from credit.services.locking import lock_application
from credit.services.scoring import send_after_commit
from credit.services.searching import standing_reports
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State

ANSWER_WITHIN = timedelta(days=14)
SHORTEST, LONGEST, LONGEST_MESSAGE = 5, 2000, 1000
Kind = Case.Kind
_WRITTEN = ("decision", "reason_code", "note", "claimed_by", "leased_until")


class DecisionRefused(DomainError):
    """`data["decision"]` is not one that this person may take on this case as it stands."""

    code = "credit_decision_refused"
    kind = "conflict"
    message = _("This cannot be decided on this case, or not by you.")
    public = ("decision",)


class DecisionUnclear(DomainError):
    """`data["field"]` names what is missing or too long."""

    code = "credit_decision_unclear"
    message = _("Choose a reason, and say in a few words what you saw.")
    public = ("field",)


class CaseChanged(DomainError):
    code = "credit_case_changed"
    kind = "conflict"
    message = _("The case is not as it was when you looked. Read it again, then decide.")


def decisions_for(case: Case, user: User) -> list[Decision]:
    """Return what somebody may decide on an open case, from how it stands."""
    application = case.application
    if application.user_id == user.pk or not (user.has_perm(WORK) or user.has_perm(OVERRIDE)):
        return []
    if case.kind == Kind.DISPUTE and application.reports.filter(disputed_by=user.pk).exists():
        return []
    if case.recommended_by_id is not None:
        if case.recommended_by_id == user.pk or not user.has_perm(OVERRIDE):
            return []
        return [Decision(case.decision), Decision.SEND_BACK]
    if not user.has_perm(WORK):
        return []
    found = _fitting(case, application)
    if (application.amount or 0) > TWO_PEOPLE_ABOVE:
        return [Decision.RECOMMEND if one in LISTS else one for one in found]
    return [one for one in found if one not in LISTS or user.has_perm(OVERRIDE)]


def _fitting(case: Case, application: Application) -> list[Decision]:
    waits, score = application.state == State.SUBMITTED, newest_score(application)
    short = score is not None and score.outcome == CreditScore.Outcome.DECLINED
    settle = [Decision.LIST, Decision.DECLINE, Decision.ASK] if waits and short else []
    if case.kind == Kind.REFERRED and settle:
        return settle
    if case.kind == Kind.UNDECIDED and waits:
        return [Decision.RESCORE, Decision.ASK]
    if case.kind == Kind.DISPUTE:
        return [*settle, Decision.STANDS, Decision.LEFT_OUT]
    if case.kind == Kind.REVIEW and application.state == State.DECLINED:
        return [Decision.UPHOLD, Decision.REOPEN, Decision.CONFIRM]
    return [Decision.CLOSE]


def seen_of(application: Application) -> str:
    """Return a mark of what a decision stands on: another state, score, report or answer is another mark."""
    newest = [
        rows.order_by("-pk").values_list("pk", flat=True).first()
        for rows in (application.scores, application.reports, application.questions, application.changes)
    ]
    disputes = application.reports.filter(disputed_at__isnull=False).count()
    return sha256(f"{application.changed_at.isoformat()} {newest} {disputes}".encode()).hexdigest()[:32]


def decide_case(
    *,
    case_id: UUID,
    by: User,
    decision: str,
    reason_code: str,
    text: str,
    seen: str,
    at: datetime,
    message: str = "",
) -> Case:
    """Decide on a case that this person holds, and do what follows.

    `text` is for colleagues, `message` for the applicant, `seen` what `seen_of` said when this person looked. Raises
    CaseNotFound, CaseDecided, NotClaimed, NotForYou, DecisionRefused, DecisionUnclear, CaseChanged.
    """
    text, message = text.strip(), message.strip()
    _refuse_unclear(decision, reason_code, text, message)
    with acting_as_service():
        application = _locked_application(case_id)
        case = held(case_id=case_id, by=by, at=at)
        case.application = application
        if application.user_id == by.pk:
            raise NotForYou
        if seen_of(application) != seen:
            raise CaseChanged
        if decision not in decisions_for(case, by):
            raise DecisionRefused(decision=decision)
        if decision in (Decision.RECOMMEND, Decision.SEND_BACK):
            _hand_over(case, by, Decision(decision), reason_code, text)
            return case
        _DEEDS[Decision(decision)](case, by, message, reason_code, at)
        case.decision, case.reason_code, case.note = decision, reason_code, text
        case.decided_by, case.decided_at = by, at
        case.claimed_by, case.leased_until = None, None
        case.save(update_fields=[*_WRITTEN, "decided_by", "decided_at"])
        facts = {"decision": decision, "reason_code": reason_code, "text": text, "message": message}
        audit.record(action="credit.case.decided", target=case, actor_id=by.pk, **facts)
        return case


def reasons_told(application: Application) -> list[str]:
    """Return the sentences with which an application would be declined now: those of its newest score."""
    score = newest_score(application)
    return [sentence(Reason.from_facts(one)) for one in score.reasons] if score else []


def refusal_preview(application: Application, *, at: datetime) -> str:
    """Return, word for word, what an applicant would read of being declined now."""
    reports = standing_reports(application, kind=BureauReport.Kind.SOFT, at=at)
    facts = adverse.refusal_facts(
        application,
        kind=AdverseAction.Kind.DECLINED,
        reasons=reasons_told(application),
        bureaux=counted_reports(reports),
        score=newest_score(application),
        at=at,
    )
    return refusal_in_words(facts)


def newest_score(application: Application) -> CreditScore | None:
    return application.scores.order_by("-id").first()


def _locked_application(case_id: UUID) -> Application:
    key = Case.objects.filter(pk=case_id).values_list("application_id", flat=True).first()
    if key is None:
        raise CaseNotFound
    return lock_application(key)


def _refuse_unclear(decision: str, reason_code: str, text: str, message: str) -> None:
    if reason_code not in {one.code for one in REASONS.get(decision, ())}:
        raise DecisionUnclear(field="reason")
    if not SHORTEST <= len(text) <= LONGEST:
        raise DecisionUnclear(field="text")
    if len(message) > LONGEST_MESSAGE or (decision in ASKED_IN_WORDS and not message):
        raise DecisionUnclear(field="message")


def _hand_over(case: Case, by: User, decision: Decision, reason_code: str, text: str) -> None:
    """Recommend, or send back: the case goes on to another person."""
    recommends = decision is Decision.RECOMMEND
    lists = Decision.UPHOLD if case.kind == Kind.REVIEW else Decision.LIST
    case.recommended_by = by if recommends else None
    case.decision, case.reason_code = (lists, reason_code) if recommends else ("", "")
    case.note = text
    case.claimed_by, case.leased_until = None, None
    case.save(update_fields=[*_WRITTEN, "recommended_by"])
    verb = "recommended" if recommends else "sent_back"
    audit.record(
        action=f"credit.case.{verb}", target=case, actor_id=by.pk, reason_code=reason_code, text=text
    )


def _list(case: Case, _by: User, _message: str, reason_code: str, at: datetime) -> None:
    list_application(case.application, at, who=Actor.OFFICER, reason=reason_code)
    _close_others(case, at)
    tell(case.application, "loan.listed")


def _decline(case: Case, _by: User, _message: str, reason_code: str, at: datetime) -> None:
    application, score = case.application, newest_score(case.application)
    holding = {Guard.BELOW_CUT_OFF} if score and score.outcome == CreditScore.Outcome.DECLINED else set()
    reports = standing_reports(application, kind=BureauReport.Kind.SOFT, at=at)
    told = adverse.declare_adverse(
        application,
        kind=AdverseAction.Kind.DECLINED,
        reasons=reasons_told(application),
        at=at,
        score=score,
        bureaux=counted_reports(reports),
    )
    holding |= {Guard.REASONS_STORED, Guard.NOTICE_QUEUED}
    step(application, Event.DECLINE, who=Actor.OFFICER, at=at, holding=holding, reason=reason_code)
    _close_others(case, at)
    send_after_commit(told, at=at)


def _ask(case: Case, by: User, message: str, reason_code: str, at: datetime) -> None:
    application = case.application
    Question.objects.create(application=application, text=message, asked_by=by, asked_at=at)
    application.deadline = at + ANSWER_WITHIN
    application.save(update_fields=["deadline"])
    tell(application, "loan.question", note=message)
    step(application, Event.ASK, who=Actor.OFFICER, at=at, holding={Guard.WRITTEN_NOTICE}, reason=reason_code)
    _close_others(case, at)


def _uphold(case: Case, by: User, message: str, reason_code: str, at: datetime) -> None:
    _reopen(case, by, message, reason_code, at)
    list_application(case.application, at, who=Actor.OFFICER, reason=reason_code)


def _reopen(case: Case, _by: User, message: str, reason_code: str, at: datetime) -> None:
    application = case.application
    application.complete_at = at
    application.save(update_fields=["complete_at"])
    step(
        application, Event.REOPEN, who=Actor.OFFICER, at=at, holding={Guard.REVIEW_UPHELD}, reason=reason_code
    )
    tell(application, "loan.review_upheld", note=message)


def _open_again(case: Case, by: User, message: str, reason_code: str, at: datetime) -> None:
    _reopen(case, by, message, reason_code, at)
    scoring_tasks.score_soon(case.application_id)


def _score_again(case: Case, _by: User, _message: str, _reason_code: str, _at: datetime) -> None:
    scoring_tasks.score_soon(case.application_id)


def _confirm(case: Case, _by: User, message: str, _reason_code: str, _at: datetime) -> None:
    tell(case.application, "loan.review_confirmed", note=message)


def _stands(case: Case, _by: User, message: str, _reason_code: str, _at: datetime) -> None:
    """It counts again, as it did before it was disputed; what was said of it stays readable."""
    case.application.reports.filter(disputed_at__isnull=False).update(disputed_at=None)
    scoring_tasks.score_soon(case.application_id)
    tell(case.application, "loan.dispute_settled", note=message)


def _left_out(case: Case, _by: User, message: str, _reason_code: str, _at: datetime) -> None:
    """It stays left out of whatever is decided by itself."""
    scoring_tasks.score_soon(case.application_id)
    tell(case.application, "loan.dispute_settled", note=message)


def _nothing(_case: Case, _by: User, _message: str, _reason_code: str, _at: datetime) -> None:
    """Nothing is left to do."""


def _close_others(case: Case, at: datetime) -> None:
    """What waited for the same decision waits no more."""
    others = case.application.cases.filter(decided_at=None, kind__in=(Kind.REFERRED, Kind.UNDECIDED))
    others.exclude(pk=case.pk).update(
        decided_at=at, decision=Decision.CLOSE, claimed_by=None, leased_until=None
    )


_DEEDS: dict[Decision, Callable[[Case, User, str, str, datetime], None]] = {
    Decision.LIST: _list,
    Decision.DECLINE: _decline,
    Decision.ASK: _ask,
    Decision.RESCORE: _score_again,
    Decision.UPHOLD: _uphold,
    Decision.REOPEN: _open_again,
    Decision.CONFIRM: _confirm,
    Decision.STANDS: _stands,
    Decision.LEFT_OUT: _left_out,
    Decision.CLOSE: _nothing,
}
