"""A lender's last check before it signs: the full search once the borrower has signed, and not going on after it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import override

from accounts.models import User
from core.actors import acting_as_service
from credit.check_reasons import sentences
from credit.models import AdverseAction, Application, Signature
from credit.notices.agreeing import tell_borrower, tell_lenders
from credit.services.adverse import declare_adverse
from credit.services.agreements import end_contract, lender_of, lock_contract
from credit.services.listing import list_again
from credit.states import Event, State, StateRefused
from credit.terms_hash import Side

# What is kept of reasons beside the adverse action itself.
KEPT = 300


def provider_fail_check(
    *,
    application_id: UUID,
    provider_id: UUID,
    by: User | None,
    reasons: Sequence[str],
    words: str = "",
    at: datetime,
) -> Application:
    """Say, for a lender, that it does not go on, and why (`credit/check_reasons.py`).

    The first time the application is open to lenders again; the second time it is declined, with an adverse action.
    `by` None is the lender's own program. Raises ApplicationNotFound, ProviderNotFound, ReasonsUnclear, StateRefused.
    """
    with override("en"):  # what is kept is one text, whoever reads it
        said = sentences(reasons, words=words)
    with acting_as_service(), transaction.atomic():
        application, contract = lock_contract(application_id)
        provider = lender_of(contract, provider_id=provider_id, by=by)
        if application.state != State.ACCEPTED:
            raise StateRefused(state=application.state, event=str(Event.FAIL_CHECK))
        reason = "; ".join(said)[:KEPT]
        end_contract(contract, reason=reason, at=at)
        application.sign_by = None
        application.save(update_fields=["sign_by"])
        list_again(application, at, reason=reason)
        if application.state == State.DECLINED:
            declare_adverse(application, kind=AdverseAction.Kind.LENDER, reasons=said, at=at)
        else:
            tell_borrower(application, "loan.check_failed", lender=provider.display_name, reason=reason)
        tell_lenders(contract, "loan.not_lent")
        return application


def to_search(*, at: datetime, limit: int = 200) -> list[UUID]:
    """Return the applications that their borrowers signed and no bureau has answered a full search for yet."""
    with acting_as_service():
        signed = Signature.objects.filter(
            side=Side.BORROWER,
            contract__ended_at=None,
            contract__application__state=State.ACCEPTED,
            contract__application__sign_by__gt=at,
        )
        keys = signed.order_by("pk").values_list("contract__application_id", flat=True)
        answered = Application.objects.filter(reports__kind="HARD", reports__state="ANSWERED")
        return list(keys.exclude(contract__application__in=answered.values("pk"))[:limit])
