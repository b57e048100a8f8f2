"""A merchant's balance goes to its bank by itself: each day once, where there is enough of it.

An owner says to which account and from how much on (`settle_daily`). `make_due_runs` writes a row for each merchant and
Lagos day; `run_due` pays one of them under the row's own id. Two at once share the work, whoever dies in between leaves
a row that is due, and what stands in the way of one merchant is parked with it: the others go on, and so does tomorrow.
"""

from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.db.transaction import on_commit
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import merchant_events
from wallet.models import Account, BankAccount, Merchant, SettlementRun
from wallet.refusals import InsufficientFunds
from wallet.services import payouts
from wallet.services.bank_accounts import BankAccountGone
from wallet.services.merchants.applying import managing, tell_owners
from wallet.services.merchants.settling import PURPOSE, end_daily, everything
from wallet.services.payouts.quoting import LARGEST, NEW_FOR, SMALLEST

State = SettlementRun.State
# If whoever took a run up dies, the next one may after this.
TAKEN_FOR = timedelta(minutes=5)


class SettlesFromRefused(DomainError):
    code = "settles_from_refused"
    message = _("The least amount to send is between ₦100 and ₦10,000,000.")


def settle_daily(
    *, merchant: Merchant, by: User, bank_account: BankAccount, settles_from: int, at: datetime
) -> Merchant:
    """Have the balance sent to a bank account each day on which `settles_from` (minor units) or more can be.

    It begins tomorrow, or once the account is no longer new here. Owners are told. Raises OrganizationNotFound,
    RoleNotEnough for whoever is not an owner, BankAccountGone, SettlesFromRefused.
    """
    if not SMALLEST <= settles_from <= LARGEST:
        raise SettlesFromRefused
    with acting_as_service():
        managing(merchant=merchant, by=by, owner=True)
        theirs = BankAccount.objects.saved().filter(organization=merchant.organization_id)
        account = theirs.filter(pk=bank_account.pk).first()
        if account is None:
            raise BankAccountGone
        merchant.refresh_from_db(fields=["settles_to", "settles_from", "settles_since"])
        since = _first_day(account, at)
        if merchant.settles_since is not None and merchant.settles_to_id == account.pk:
            since = min(since, merchant.settles_since)
        merchant.settles_to, merchant.settles_from, merchant.settles_since = account, settles_from, since
        merchant.save(update_fields=["settles_to", "settles_from", "settles_since"])
        audit.record(
            action="wallet.merchant.settles_daily",
            target=merchant,
            actor_id=by.pk,
            bank_account=str(account.pk),
            settles_from=settles_from,
        )
        tell_owners(merchant, "merchant.settles_daily", title=str(account))
    return merchant


def stop_settling_daily(*, merchant: Merchant, by: User) -> Merchant:
    """Send nothing by itself any more; what is on its way arrives.

    Raises OrganizationNotFound, RoleNotEnough for whoever is not an owner.
    """
    with acting_as_service():
        managing(merchant=merchant, by=by, owner=True)
        end_daily(merchant=merchant)
    return merchant


def runs_of(merchant: Merchant, *, limit: int) -> list[SettlementRun]:
    """Return what became of the last days, newest first. The caller has asked who may see it."""
    with acting_as_service():
        rows = SettlementRun.objects.filter(merchant=merchant).select_related("payout__bank_account")
        return list(rows.order_by("-due_date", "-pk")[:limit])


def make_due_runs(*, at: datetime) -> int:
    """Write a row for each merchant whose balance is due to be sent today; return how many."""
    today = timezone.localdate(at)
    with acting_as_service():
        made_already = SettlementRun.objects.filter(merchant=OuterRef("pk"), due_date=today)
        merchants = Merchant.objects.settling_daily(today).exclude(Exists(made_already)).order_by("pk")
        runs = [
            SettlementRun(
                organization_id=merchant.organization_id,
                merchant=merchant,
                due_date=today,
                made_at=at,
                next_try_at=at,
            )
            for merchant in merchants
        ]
        SettlementRun.objects.bulk_create(runs, ignore_conflicts=True)
    return len(runs)


def take_due(*, at: datetime) -> UUID | None:
    """Pick the run that waits longest, and put it off, so that no other worker pays it as well."""
    with acting_as_service():
        due = SettlementRun.objects.filter(state=State.DUE, next_try_at__lte=at)
        run = due.select_for_update(skip_locked=True).order_by("next_try_at", "pk").first()
        if run is None:
            return None
        run.next_try_at = at + TAKEN_FOR
        run.save(update_fields=["next_try_at"])
        return run.pk


def run_due(*, run_id: UUID, at: datetime) -> SettlementRun:
    """Send what a run stands for, once; what stands in the way is written down with it and told to the owners."""
    try:
        return _send(run_id, at=at)
    except InsufficientFunds:
        # Somebody took money out just now: what is left is looked at again when the run is taken up anew.
        with acting_as_service():
            return SettlementRun.objects.get(pk=run_id)
    except DomainError as refusal:
        return _park(run_id, refusal, at=at)


def _send(run_id: UUID, *, at: datetime) -> SettlementRun:
    """The payout and the word that it was made, both or neither. Raises a DomainError."""
    from wallet import payout_tasks  # the tasks call services

    with acting_as_service():
        run = _locked(run_id)
        merchant = run.merchant
        if run.state != State.DUE:
            return run
        account = Account.objects.get(pk=merchant.account_id)
        amount = everything(account=account, at=at)
        if merchant.settles_to is None or amount < (merchant.settles_from or 0):
            return _end(run, State.LEFT, at=at)
        run.payout = payouts.request_payout(
            payout_id=run.pk,
            account=account,
            bank_account=merchant.settles_to,
            amount=amount,
            purpose=PURPOSE,
            at=at,
        )
        audit.record(
            action="wallet.merchant.settled",
            target=merchant,
            amount=amount,
            payout=str(run.pk),
            day=str(run.due_date),
        )
        on_commit(partial(payout_tasks.order_payout.delay, payout_id=str(run.pk)), robust=True)
        return _end(run, State.SENT, at=at)


def _park(run_id: UUID, refusal: DomainError, *, at: datetime) -> SettlementRun:
    with acting_as_service():
        run = _locked(run_id)
        if run.state != State.DUE:
            return run
        run.code, run.reason = refusal.code, str(refusal)[:300]
        audit.record(
            action="wallet.merchant.settlement_parked",
            target=run.merchant,
            day=str(run.due_date),
            code=run.code,
        )
        merchant_events.settlement_parked(run)
        tell_owners(run.merchant, "merchant.settlement_parked", title=run.reason)
        return _end(run, State.PARKED, at=at)


def _locked(run_id: UUID) -> SettlementRun:
    rows = SettlementRun.objects.select_for_update(of=("self",))
    return rows.select_related("merchant__organization", "merchant__settles_to").get(pk=run_id)


def _end(run: SettlementRun, state: str, *, at: datetime) -> SettlementRun:
    run.state, run.next_try_at, run.ended_at = state, None, at
    run.save(update_fields=["state", "payout", "next_try_at", "code", "reason", "ended_at"])
    return run


def _first_day(account: BankAccount, at: datetime) -> date:
    """The day after today, or after the one on which an account stops being new."""
    return timezone.localdate(max(at, account.added_at + NEW_FOR)) + timedelta(days=1)
