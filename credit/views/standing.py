"""Where an application stands, for its page: what happened, who looked, what was asked, what was agreed to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max

from credit import borrowing_words as words
from credit.borrowing_forms import AnswerForm
from credit.consents import NEEDED
from credit.models import Application, Bid, FileView, Signature
from credit.services import consenting
from credit.services.applying import OPEN
from credit.states import State

ON_THE_MARKET = (State.LISTED, State.OFFERED)
# Only while something is still done with them do consents matter to the page.
UNDER_WAY = (State.SUBMITTED, State.INCOMPLETE, State.LISTED, State.OFFERED, State.ACCEPTED, State.SIGNED)


def standing_of(
    application: Application, *, at: datetime, answering: tuple[UUID, AnswerForm] | None = None
) -> dict[str, Any]:
    given = consenting.standing(application, at=at)
    is_under_way = application.state in UNDER_WAY
    return {
        "application": application,
        "tone": words.tone(application),
        "changes": [
            (change, words.happened(change)) for change in application.changes.order_by("-id").defer("reason")
        ],
        "questions": [
            (question, _form(question.pk, answering)) for question in application.questions.order_by("id")
        ],
        "offers": Bid.objects.filter(application=application).live(at).count(),
        "looks": _looks(application),
        "released": words.released(application),
        "given": list(given.values()),
        "lacking": [kind for kind in NEEDED if kind not in given] if is_under_way else [],
        "may_withdraw": application.state in OPEN,
        "is_on_market": application.state in ON_THE_MARKET,
        "is_loan": application.state in words.LOAN_STATES,
        "has_signed": application.state == State.ACCEPTED and _has_signed(application),
    }


def _form(question_id: UUID, answering: tuple[UUID, AnswerForm] | None) -> AnswerForm:
    if answering is not None and answering[0] == question_id:
        return answering[1]
    return AnswerForm(auto_id=f"id_{question_id}_%s")


def _has_signed(application: Application) -> bool:
    """Whether its borrower signed what goes on, and a lender has still to."""
    signed = Signature.objects.filter(contract__application=application, contract__ended_at=None)
    return signed.filter(side=Signature.Side.BORROWER).exists()


def _looks(application: Application) -> list[dict[str, Any]]:
    """Which lenders looked at the file, how often, and when last."""
    looked = FileView.objects.filter(application=application).values("provider_id", "provider__display_name")
    counted = looked.annotate(times=Count("pk"), last=Max("made_at")).order_by("-last")
    return [{**one} for one in counted]
