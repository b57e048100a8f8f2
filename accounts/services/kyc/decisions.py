"""What staff decide on an application. Each decision names the revision it was made on, and stays as it was written.

Only who holds the case decides. Above tier 2, and wherever a check speaks against the applicant, one person recommends
and another approves; the database asks for both decisions too. Undone is a decision only by a new one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.kyc import reasons
from accounts.kyc.reasons import Asked, Reason
from accounts.models import Customer, KycApplication, KycDecision, KycDocument, Notification, User
from accounts.models.referrals import Event as ReferralEvent
from accounts.roles import APPROVE_KYC, REVIEW_KYC
from accounts.services import referrals, status_rules
from accounts.services.kyc import allowing, queue
from accounts.services.kyc.moving import move
from accounts.services.notices import notify
from core.actors import acting_as_service
from core.errors import DomainError
from realtime import services as realtime

TIME_TO_ANSWER = timedelta(days=30)
SHORTEST_TEXT, LONGEST_TEXT, LONGEST_MESSAGE = 5, 1000, 2000
State, Outcome = KycApplication.State, KycDecision.Outcome
_CURRENT = (KycDocument.State.PENDING, KycDocument.State.ACCEPTED, KycDocument.State.REJECTED)


class Stale(DomainError):
    """`data["revision"]` is the one that counts now."""

    code = "kyc_stale"
    kind = "conflict"
    message = _("The customer has changed the application since you looked. Look at what changed first.")
    public = ("revision",)


class ReasonNeeded(DomainError):
    code = "kyc_reason_needed"
    message = _("Choose a reason from the list, and tell colleagues in a few words what you saw.")


class MessageNeeded(DomainError):
    code = "kyc_message_needed"
    message = _("Say what the customer is told, in at most 2,000 letters.")


class NothingAsked(DomainError):
    code = "kyc_nothing_asked"
    message = _("Say what is needed again: at least one step or one current document of this application.")


class CustomerClosed(DomainError):
    code = "kyc_customer_closed"
    kind = "conflict"
    message = _("This customer has closed their account.")


def approve(
    *,
    application_id: UUID,
    by: User,
    revision: int,
    reason_code: str,
    text: str,
    message: str,
    at: datetime,
) -> KycDecision:
    """Give the customer the tier they applied for, if it is higher than theirs.

    Raises Stale, MayNotDecide, SecondPersonNeeded, RecommendationStale, ChecksDisagree, ChecksUndecided, OnAList,
    CustomerClosed, ReasonNeeded, MessageNeeded, queue.NotClaimed.
    """
    with acting_as_service():
        application = _begin(application_id, by, revision, at)
        reason = _reason(Outcome.APPROVE, reason_code)
        found = allowing.findings_of(application)
        allowing.right_to_approve(application, by, found, at)
        allowing.answered_by(reason, found)
        decision = _write(application, Outcome.APPROVE, by, reason.code, text, message, at)
        _raise_tier(application)
        application.documents.filter(state=KycDocument.State.PENDING).update(
            state=KycDocument.State.ACCEPTED, decided_by=by
        )
        application.decided_by, application.decided_at = by, at
        _finish(application, decision, to=State.APPROVED)
        _approved(application, at)
    return decision


def recommend(
    *, application_id: UUID, by: User, revision: int, reason_code: str, text: str, at: datetime
) -> KycDecision:
    """Say that a case should be approved, for another person to do it; the customer is told nothing yet.

    Raises Stale, MayNotDecide, NoSecondPersonNeeded, ChecksUndecided, OnAList, ReasonNeeded, queue.NotClaimed.
    """
    with acting_as_service():
        application = _begin(application_id, by, revision, at)
        allowing.needs(by, REVIEW_KYC)
        reason = _reason(Outcome.RECOMMEND, reason_code)
        found = allowing.findings_of(application)
        if application.recommended_by_id or not allowing.needs_second_person(application, found):
            raise allowing.NoSecondPersonNeeded
        allowing.answered_by(reason, found)
        decision = _write(application, Outcome.RECOMMEND, by, reason.code, text, "", at)
        application.recommended_by = by
        _finish(application, decision, to=State.SUBMITTED)
    return decision


def send_back(
    *, application_id: UUID, by: User, revision: int, reason_code: str, text: str, at: datetime
) -> KycDecision:
    """Take a recommendation off a case, as the second person: it waits for a first one again.

    Raises Stale, MayNotDecide, ReasonNeeded, queue.NotClaimed.
    """
    with acting_as_service():
        application = _begin(application_id, by, revision, at)
        allowing.needs(by, APPROVE_KYC)
        if application.recommended_by_id is None:
            raise allowing.MayNotDecide
        reason = _reason(Outcome.SEND_BACK, reason_code)
        decision = _write(application, Outcome.SEND_BACK, by, reason.code, text, "", at)
        application.recommended_by = None
        _finish(application, decision, to=State.SUBMITTED)
    return decision


def ask_more(
    *,
    application_id: UUID,
    by: User,
    revision: int,
    asked: Sequence[Asked],
    text: str,
    message: str,
    at: datetime,
) -> KycDecision:
    """Ask the customer for some steps and documents again, and for nothing else.

    Raises Stale, MayNotDecide, NothingAsked, ReasonNeeded, MessageNeeded, queue.NotClaimed.
    """
    with acting_as_service():
        application = _begin(application_id, by, revision, at)
        allowing.needs(by, REVIEW_KYC)
        documents = {str(one.pk): one for one in application.documents.filter(state__in=_CURRENT)}
        if not asked or any(one.item not in documents and one.item not in reasons.STEPS for one in asked):
            raise NothingAsked
        listed = [one.kept for one in asked]
        decision = _write(
            application, Outcome.ASK_MORE, by, asked[0].reason.code, text, message, at, asked_again=listed
        )
        for one in listed:
            if "document" in one:
                _need_again(documents[one["document"]], one["reason"], one["fix"], by)
        application.asked_again = listed
        application.recommended_by = None
        application.expires_at = max(application.expires_at, at + TIME_TO_ANSWER)
        _finish(application, decision, to=State.MORE_NEEDED)
        _tell(application, "kyc.more_needed")
    return decision


def reject(
    *,
    application_id: UUID,
    by: User,
    revision: int,
    reason_code: str,
    text: str,
    message: str,
    at: datetime,
) -> KycDecision:
    """Refuse an application for good; the customer may begin another.

    Raises Stale, MayNotDecide, ReasonNeeded, MessageNeeded, queue.NotClaimed.
    """
    with acting_as_service():
        application = _begin(application_id, by, revision, at)
        allowing.needs(by, REVIEW_KYC)
        reason = _reason(Outcome.REJECT, reason_code)
        decision = _write(application, Outcome.REJECT, by, reason.code, text, message, at)
        application.decided_by, application.decided_at = by, at
        _finish(application, decision, to=State.REJECTED)
        _tell(application, "kyc.rejected")
    return decision


def _begin(application_id: UUID, by: User, revision: int, at: datetime) -> KycApplication:
    application = queue.held(application_id=application_id, by=by, at=at)
    if application.customer_id == by.pk:
        raise allowing.MayNotDecide
    if application.revision != revision:
        raise Stale(revision=application.revision)
    return application


def _reason(outcome: str, code: str) -> Reason:
    found = reasons.reason_of(reasons.OF_OUTCOME[outcome], code)
    if found is None:
        raise ReasonNeeded
    return found


def _write(
    application: KycApplication,
    outcome: str,
    by: User,
    code: str,
    text: str,
    message: str,
    at: datetime,
    **facts: Any,
) -> KycDecision:
    text, message = text.strip(), message.strip()
    if not SHORTEST_TEXT <= len(text) <= LONGEST_TEXT:
        raise ReasonNeeded
    told = outcome in (Outcome.APPROVE, Outcome.ASK_MORE, Outcome.REJECT)
    if told and not 1 <= len(message) <= LONGEST_MESSAGE:
        raise MessageNeeded
    return KycDecision.objects.create(
        application=application,
        outcome=outcome,
        revision=application.revision,
        reason_code=code,
        text=text,
        message=message,
        by=by,
        at=at,
        **facts,
    )


def _finish(application: KycApplication, decision: KycDecision, *, to: str) -> None:
    """Let go of the case, take it on, and write down who decided what."""
    queue.let_go(application)
    move(
        application=application,
        to=to,
        by=decision.by,
        at=decision.at,
        reason_code=reasons.shown_code(decision.outcome, decision.reason_code),
        message=decision.message,
    )
    audit.record(
        action=f"kyc.decision.{decision.outcome.lower()}",
        target=application,
        actor_id=decision.by_id,
        decision=str(decision.pk),
        revision=decision.revision,
        reason=decision.reason_code,
        tier=application.target_tier,
    )


def _need_again(document: KycDocument, code: str, fix: str, by: User) -> None:
    document.state, document.decided_by = KycDocument.State.REJECTED, by
    document.reason_code, document.fix = code, fix[:300]
    document.save(update_fields=["state", "decided_by", "reason_code", "fix"])


def _raise_tier(application: KycApplication) -> None:
    """The ledger hears of a new tier from the database itself."""
    customer = Customer.objects.select_for_update().get(pk=application.customer_id)
    if customer.status == Customer.Status.CLOSED:
        raise CustomerClosed
    if customer.tier < application.target_tier:
        customer.tier = application.target_tier
        customer.save(update_fields=["tier"])


def _approved(application: KycApplication, at: datetime) -> None:
    """Everything that follows from an approval, in its transaction."""
    _tell(application, "kyc.approved")
    status_rules.lift_identity_missing(customer_id=application.customer_id, at=at)
    referrals.qualify(user_id=application.customer_id, event=ReferralEvent.KYC_APPROVED, at=at)


def _tell(application: KycApplication, event: str) -> None:
    """Leave the customer a notice, and let their open pages know."""
    data = {"application": str(application.pk), "tier": application.target_tier}
    notify(notices=[Notification(user_id=application.customer_id, event=event, data=data)])
    realtime.publish(topic=f"user:{application.customer_id}", event=event, payload=data)
