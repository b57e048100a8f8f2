"""Both sides of a movement, told to one of its parties: of the other side who it is, never what it holds."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404

from accounts.models import Profile, User
from core.actors import acting_as_service
from wallet.models import Account, Transaction


@dataclass(frozen=True)
class Parties:
    """The caller's own accounts, and the people who own the accounts of some transactions, by account."""

    own: frozenset[UUID]
    people: dict[UUID, Profile]

    def has(self, transaction: Transaction) -> bool:
        return bool({transaction.debit_account_id, transaction.credit_account_id} & self.own)

    def side(self, transaction: Transaction, side: str) -> dict[str, Any]:
        account: UUID = getattr(transaction, f"{side}_account_id")
        mine = account in self.own
        return {
            "account": account if mine else None,
            "version": getattr(transaction, f"{side}_version") if mine else None,
            "balance": getattr(transaction, f"{side}_balance") if mine else None,
            "person": self.people.get(account),
        }


def of(transaction: Transaction, user: User) -> Parties:
    """Return who is who in a transaction. Raises Http404 for someone who is no party to it."""
    own = frozenset(Account.objects.visible_to(user).values_list("pk", flat=True))
    parties = Parties(own, {})
    if not parties.has(transaction):
        raise Http404
    with acting_as_service():
        owners = dict(
            Account.objects.filter(
                pk__in=[transaction.debit_account_id, transaction.credit_account_id], owner__isnull=False
            ).values_list("pk", "owner_id")
        )
        profiles = Profile.objects.in_bulk(set(owners.values()))
    return Parties(own, {account: profiles[owner] for account, owner in owners.items() if owner in profiles})
