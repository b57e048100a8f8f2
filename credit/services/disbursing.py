"""Paying out what is signed: each contract once, whoever tries how often, and kept where it cannot be paid yet.

The rows of what is to be paid are there since the last signature. A loan, its posting, and that they are paid stand or
fall together: whoever is killed in between leaves all of it to be done, and nothing half done.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Application, Contract, Disbursement
from credit.notices.agreeing import tell_borrower, tell_lenders
from credit.services.agreements import contract_of, signed_by, stop_payouts
from credit.services.lending import open_loan
from credit.services.locking import lock_application
from credit.services.steps import step
from credit.signatures import refuse_unsigned_text
from credit.states import Actor, Event, Guard, State
from wallet.models import Account

Payout = Disbursement.State
# How long after a try the next one is, by how many there were; the last for all that follow.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
# The ledger takes no posting whose id is older than 35 days: well before that somebody has to look.
LONGEST = timedelta(days=30)
MOST_TRIES = 30_000


def disburse(*, application_id: UUID, at: datetime) -> bool:
    """Pay a signed contract out to the borrower's wallet; whether it was this call that did.

    What stands in the way (the ledger refuses; what is kept is not what was signed) is kept with its code, tried again
    later, and told. Raises ApplicationNotFound.
    """
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id)
        due = _due_of(application)
        if not due or application.state != State.SIGNED:
            return False
        contract = contract_of(application.pk)
        try:
            with transaction.atomic():
                refuse_unsigned_text(contract.terms, signed_by(contract))
                _pay(application, contract, due, at)
        except DomainError as refusal:
            _keep(application, contract, due, refusal, at)
            return False
        tell_borrower(application, "loan.paid_out", amount=contract.received)
        tell_lenders(contract, "loan.lent")
        return True


def due_payouts(*, at: datetime, limit: int = 500) -> list[UUID]:
    """Return the applications of which something is to be paid out by now, the longest waiting first."""
    with acting_as_service():
        due = Disbursement.objects.filter(state=Payout.DUE, next_try_at__lte=at).order_by(
            "next_try_at", "share"
        )
        found = due.values_list("share__contract__application_id", flat=True)[:limit]
        return list(dict.fromkeys(found))


def _due_of(application: Application) -> list[Disbursement]:
    due = Disbursement.objects.select_for_update(of=("self",), no_key=True)
    of_contract = due.filter(share__contract__application=application, share__contract__ended_at=None)
    return list(of_contract.filter(state=Payout.DUE).order_by("share"))


def _pay(application: Application, contract: Contract, due: list[Disbursement], at: datetime) -> None:
    """That it is paid, the loan and the step in one: the ledger moves what each lender has set aside, or refuses."""
    open_loan(
        application=application,
        contract=contract,
        posting_ids={one.share_id: one.posting_id for one in due},
        at=at,
    )
    holding = {Guard.FUNDING_SETTLED, Guard.POSTING_ID_STORED}
    if is_in_own_name(application):
        holding.add(Guard.BANK_NAME_MATCHES)
    step(application, Event.DISBURSE, who=Actor.SYSTEM, at=at, holding=holding, amount=contract.received)
    Disbursement.objects.filter(pk__in=[one.pk for one in due]).update(
        state=Payout.PAID, next_try_at=None, ended_at=at, code=""
    )


def is_in_own_name(application: Application) -> bool:
    """Whether the account that was paid is the borrower's own wallet."""
    wallets = Account.objects.filter(owner_id=application.user_id, currency=application.currency_id)
    return wallets.wallets().exists()


def _keep(
    application: Application, contract: Contract, due: list[Disbursement], refusal: DomainError, at: datetime
) -> None:
    """Keep what stands in the way. Who borrows is told when it is something else than before."""
    first, is_new = due[0], due[0].code != refusal.code
    audit.record(action="credit.payout.refused", target=contract, code=refusal.code)
    if at - first.made_at >= LONGEST:
        stop_payouts(contract, code=refusal.code, at=at)
        tell_borrower(application, "loan.payout_stopped", code=refusal.code)
        return
    for one in due:
        one.next_try_at = at + WAITS[min(one.tries, len(WAITS) - 1)]
        one.tries = min(one.tries + 1, MOST_TRIES)
        one.code = refusal.code
    Disbursement.objects.bulk_update(due, ["next_try_at", "tries", "code"])
    if is_new:
        tell_borrower(application, "loan.payout_waits", code=refusal.code)
