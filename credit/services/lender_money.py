"""What a lender puts in to lend, and takes out again: between its account and the wallet of the owner who asks."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Provider, ProviderMove
from credit.refusals import IdReused
from credit.services.holding import effective
from credit.services.lenders import managing
from wallet import services as wallet
from wallet.services import Line

Kind = ProviderMove.Kind


class NothingToMove(DomainError):
    code = "lender_amount_refused"
    message = _("Say an amount above zero.")


def put_in(*, provider: Provider, by: User, amount: int, posting_id: UUID, at: datetime) -> ProviderMove:
    """Move `amount` (minor units) from the owner's wallet to what the lender lends, once per posting id.

    Raises OrganizationNotFound, RoleNotEnough for whoever is not an owner, IdReused, NothingToMove, a LedgerRefusal.
    """
    return _move(provider, by, Kind.FUNDING, amount, posting_id, at)


def take_out(*, provider: Provider, by: User, amount: int, posting_id: UUID, at: datetime) -> ProviderMove:
    """Move `amount` (minor units) that no offer has set aside to the owner's wallet, once per posting id.

    Raises as `put_in`.
    """
    return _move(provider, by, Kind.WITHDRAWAL, amount, posting_id, at)


def _move(
    provider: Provider, by: User, kind: str, amount: int, posting_id: UUID, at: datetime
) -> ProviderMove:
    if amount < 1:
        raise NothingToMove
    with acting_as_service(), transaction.atomic():
        managing(provider=provider, by=by, owner=True)
        found = ProviderMove.objects.filter(pk=posting_id).first()
        if found is not None:
            if (found.provider_id, found.kind, found.amount) != (provider.pk, kind, amount):
                raise IdReused(field="amount")
            return found
        own = wallet.open_wallet(owner_id=by.pk)
        sides = (own, provider.account_id) if kind == Kind.FUNDING else (provider.account_id, own)
        line = Line(f"LENDER_{kind}", *sides, amount)
        wallet.post(
            posting_id=posting_id,
            lines=[line],
            description=provider.display_name,
            effective_at=effective(at),
        )
        move = ProviderMove.objects.create(
            posting_id=posting_id, provider=provider, kind=kind, amount=amount, account_id=own, by_id=by.pk
        )
        audit.record(
            action=f"credit.lender.{kind.lower()}",
            target=provider,
            actor_id=by.pk,
            amount=amount,
            posting=str(posting_id),
        )
    return move
