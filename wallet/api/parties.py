"""Both sides of a movement, told to one of its parties: of the other side who it is, never what it holds."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404

from accounts.models import User
from wallet import services as wallet
from wallet.models import Account, Entry, Transaction
from wallet.services.counterparties import Party


@dataclass(frozen=True)
class Parties:
    """Which side of a transaction is the caller's own, and who owns either; the system's side has nobody."""

    transaction: Transaction
    own: frozenset[UUID]
    entries: dict[UUID, Entry]
    people: dict[UUID, Party]

    def side(self, name: str) -> dict[str, Any]:
        account: UUID = getattr(self.transaction, f"{name}_account_id")
        mine = account in self.own
        return {
            "account": account if mine else None,
            "version": self.entries[account].version if mine else None,
            "balance": self.entries[account].balance if mine else None,
            "person": self.people.get(account),
        }


def parties_to(transaction: Transaction, user: User) -> Parties:
    """Return who is who in a transaction. Raises Http404 for someone who is no party to it."""
    sides = {transaction.debit_account_id, transaction.credit_account_id}
    own = frozenset(Account.objects.visible_to(user).filter(pk__in=sides).values_list("pk", flat=True))
    if not own:
        raise Http404
    entries = {
        entry.account_id: entry for entry in Entry.objects.filter(transaction=transaction.pk, account__in=own)
    }
    return Parties(transaction, own, entries, wallet.parties_of(account_ids=sides))
