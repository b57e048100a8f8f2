"""The contract of an application that goes on: found, locked with it, and ended."""

from datetime import datetime
from uuid import UUID

from accounts.models import Membership, User
from credit.models import Application, Contract, Disbursement, Provider, Signature
from credit.refusals import ApplicationNotFound, ProviderNotFound
from credit.services.locking import lock_application
from credit.signatures import missing_in
from credit.terms_hash import Side
from credit.terms_hash import Signature as Signed
from wallet import services as wallet

State = Disbursement.State


def contract_of(application_id: UUID) -> Contract:
    """Return the contract that goes on. Raises ApplicationNotFound where nothing was accepted."""
    found = Contract.objects.filter(application_id=application_id, ended_at=None).first()
    if found is None:
        raise ApplicationNotFound
    return found


def lock_contract(application_id: UUID, *, user_id: UUID | None = None) -> tuple[Application, Contract]:
    """Lock an application, of this person where one is named, and return it with its contract.

    Needs a transaction. Raises ApplicationNotFound.
    """
    application = lock_application(application_id, user_id=user_id)
    return application, contract_of(application.pk)


def lender_of(contract: Contract, *, provider_id: UUID, by: User | None) -> Provider:
    """Return the lender that carries a share, for one who manages it; `by` None is its own program.

    Raises ProviderNotFound, as for a lender that has no share in it.
    """
    found = Provider.objects.filter(pk=provider_id, shares__contract=contract)
    if by is not None:
        managed = Membership.objects.filter(user=by, role__in=Membership.MANAGERS)
        found = found.filter(organization__in=managed.values("organization"))
    provider = found.select_related("organization").first()
    if provider is None:
        raise ProviderNotFound
    return provider


def signed_by(contract: Contract) -> list[Signed]:
    rows = Signature.objects.filter(contract=contract).order_by("pk")
    return [Signed(Side(row.side), row.party_id, row.sha256) for row in rows]


def still_to_sign(contract: Contract) -> dict[Side, frozenset[UUID]]:
    """Return who has not signed, by side. Raises TermsChanged, SignedByAnother."""
    return missing_in(contract.terms, signed_by(contract))


def end_contract(contract: Contract, *, reason: str, at: datetime) -> None:
    """End a contract of which nothing was paid out: what its lenders set aside is theirs again.

    The caller has the application's lock and takes the step.
    """
    for share in contract.shares.order_by("pk"):
        wallet.release_hold(hold_id=share.hold_id)
    stop_payouts(contract, code="", at=at)
    close_contract(contract, reason=reason, at=at)


def close_contract(contract: Contract, *, reason: str, at: datetime) -> None:
    contract.ended_at, contract.end_reason = at, reason[:300]
    contract.save(update_fields=["ended_at", "end_reason"])


def stop_payouts(contract: Contract, *, code: str, at: datetime) -> None:
    """Nothing more is tried for shares that are not paid out."""
    due = Disbursement.objects.filter(share__contract=contract, state__in=(State.DUE, State.OPEN))
    due.update(state=State.STOPPED, next_try_at=None, ended_at=at, code=code)


def open_payouts(contract: Contract) -> list[Disbursement]:
    """Return, with their shares, those of which a part may still be asked for; none where it is paid out whole."""
    if contract.draw_until is None:
        return []
    found = Disbursement.objects.filter(share__contract=contract, state=State.OPEN)
    return list(found.select_related("share__provider").order_by("share"))


def release_undrawn(contract: Contract, *, at: datetime) -> bool:
    """Give lenders back what nobody asked for, for good; whether there was any. The application is locked."""
    found = open_payouts(contract)
    for one in found:
        wallet.release_hold(hold_id=one.hold_id or one.share.hold_id)
    if found:
        stop_payouts(contract, code="", at=at)
    return bool(found)
