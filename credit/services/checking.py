"""A lender's last check before it signs: the full search once the borrower has signed, and not going on after it."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from itertools import islice
from operator import or_
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import override

from accounts.models import User
from core.actors import acting_as_service
from credit import bureaux
from credit.check_reasons import sentences
from credit.models import AdverseAction, Application, BureauReport, Signature
from credit.notices.agreeing import tell_borrower, tell_lenders
from credit.services.adverse import declare_adverse
from credit.services.agreements import end_contract, lender_of, lock_contract
from credit.services.listing import list_again
from credit.services.searching import GOOD_FOR, is_due
from credit.states import Event, State, StateRefused
from credit.terms_hash import Side

# What is kept of reasons beside the adverse action itself.
KEPT = 300
HARD = BureauReport.Kind.HARD


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
    """Return applications that their borrowers signed and of which a bureau's full search is missing and due.

    One that waits for a bureau's turn keeps no other from it.
    """
    with acting_as_service():
        signed = Signature.objects.filter(
            side=Side.BORROWER,
            contract__ended_at=None,
            contract__application__state=State.ACCEPTED,
            contract__application__sign_by__gt=at,
        )
        keys = signed.values("contract__application_id")
        waiting = Application.objects.filter(pk__in=keys).order_by("sign_by", "pk")
        for code in bureaux.codes():
            answered = BureauReport.objects.filter(
                application=OuterRef("pk"),
                bureau=code,
                kind=HARD,
                state="ANSWERED",
                asked_at__gt=at - GOOD_FOR,
            )
            waiting = waiting.annotate(**{f"has_{code}": Exists(answered)})
        missing = reduce(or_, (Q(**{f"has_{code}": False}) for code in bureaux.codes()), Q())
        found = (one.pk for one in waiting.filter(missing).iterator() if is_due(one, at=at, kind=HARD))
        return list(islice(found, limit)) if bureaux.codes() else []
