"""What somebody may know of a refusal: its reasons, what would help, whose reports counted, and who looks again."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from core.actors import acting_as_service
from credit import bureaux, helping_words
from credit.bureaux import Report
from credit.card_data import card_of
from credit.models import AdverseAction, Application, BureauReport, Case, CreditScore
from credit.refusals import ApplicationNotFound
from credit.services.searching import report_in
from credit.states import State


@dataclass(frozen=True)
class Searched:
    """What a bureau answered; amounts are minor units (kobo)."""

    row: BureauReport
    name: str
    report: Report


@dataclass(frozen=True)
class Refusal:
    """`review` is the last that was asked for since it was declined; `may_ask` whether one can be asked for now."""

    action: AdverseAction
    helps: Sequence[str]
    searches: Sequence[Searched]
    review: Case | None
    may_ask: bool


def refusal_of(*, application_id: UUID, user: User) -> Refusal | None:
    """Return the last refusal of somebody's application; None where there was none. Raises ApplicationNotFound."""
    with acting_as_service():
        application = Application.objects.visible_to(user).filter(pk=application_id).first()
        if application is None:
            raise ApplicationNotFound
        actions = AdverseAction.objects.filter(application=application).select_related("score__card")
        action = actions.order_by("-id").first()
        if action is None:
            return None
        review = _review(application)
        is_declined = application.state == State.DECLINED
        return Refusal(
            action,
            helping_words.helps(_inputs(action.score)) if action.score else (),
            _searches(application),
            review,
            is_declined and review is None,
        )


def _inputs(score: CreditScore) -> list[str]:
    """The inputs that a score's reasons are about, the weightiest first: a rule has a name of its own."""
    of_rule = {rule.name: rule.input for rule in card_of(score.card.card).rules}
    return [of_rule.get(reason["name"], reason["name"]) for reason in score.reasons]


def _searches(application: Application) -> list[Searched]:
    rows = BureauReport.objects.filter(application=application, state=BureauReport.State.ANSWERED)
    return [Searched(row, bureaux.name_of(row.bureau), report_in(row)) for row in rows.order_by("id")]


def _review(application: Application) -> Case | None:
    """The review that was asked for since the application was declined last."""
    declined = application.changes.filter(now=State.DECLINED).order_by("-id").first()
    reviews = Case.objects.filter(application=application, kind=Case.Kind.REVIEW)
    if declined is not None:
        reviews = reviews.filter(opened_at__gte=declined.made_at)
    return reviews.order_by("-id").first()
