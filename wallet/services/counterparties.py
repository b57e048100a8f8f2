"""The other side of a customer's own movements: who it is, never what it holds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, QuerySet

from accounts.models import Profile
from accounts.models.people import address_of_avatar
from core.actors import acting_as_service
from wallet.models import Account, Entry, Transaction
from wallet.models.ledger import Side
from wallet.services.transfers import TRANSFER

# What apps above call the accounts that they opened for people: each is asked as the person whose they are.
namers: list[Callable[[Iterable[UUID]], dict[UUID, str]]] = []
# How far back recent recipients are looked for.
ENTRIES_LOOKED_AT = 200


@dataclass(frozen=True)
class Party:
    """As much of a person as someone who exchanged money with them may see."""

    display_name: str
    handle: str
    avatar_url: str = ""


def parties_of(*, account_ids: Iterable[UUID]) -> dict[UUID, Party]:
    """Return who owns these accounts, in one query; the operator's own accounts are left out.

    The caller takes the ids from entries of the person acting: names are shown to people who exchanged money.
    """
    wanted = set(account_ids)
    if not wanted:
        return {}
    with acting_as_service():
        rows = (
            Account.objects.filter(pk__in=wanted, owner__isnull=False)
            .annotate(
                display_name=F("owner__profile__display_name"),
                handle=F("owner__profile__handle"),
                avatar=F("owner__profile__avatar"),
            )
            .values_list("pk", "display_name", "handle", "avatar")
        )
        return {
            pk: Party(name, handle, address_of_avatar(avatar)) for pk, name, handle, avatar in rows if handle
        }


def purposes_of(*, account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return what some of a person's own accounts are called, such as savings."""
    wanted = set(account_ids)
    if not wanted:
        return {}
    return {account: name for named in namers for account, name in named(wanted).items()}


def counterparties_named(*, account: Account, text: str) -> list[UUID]:
    """Return the accounts of people named like `text`, of those that `account` exchanged money with."""
    with acting_as_service():
        sent_to = _sent_by(account).values("credit_account_id")
        got_from = Transaction.objects.filter(credit_account=account, credit_version__isnull=False).values(
            "debit_account_id"
        )
        people = Profile.objects.filter(display_name__icontains=text) | Profile.objects.filter(
            handle__icontains=text.removeprefix("@")
        )
        return list(
            Account.objects.filter(
                owner__in=people.values("user_id"), pk__in=sent_to.union(got_from)
            ).values_list("pk", flat=True)
        )


def recent_recipients(*, account: Account, limit: int = 5) -> list[Party]:
    """Return the people this account last sent money to, the latest first, each once."""
    entries = Entry.objects.of(account).values_list("kind", "side", "counterparty_id")[:ENTRIES_LOOKED_AT]
    latest = dict.fromkeys(other for kind, side, other in entries if (kind, side) == (TRANSFER, Side.DEBIT))
    parties = parties_of(account_ids=list(latest)[:limit])
    return [parties[pk] for pk in latest if pk in parties]


def has_sent_to(*, account: Account, recipient_id: UUID) -> bool:
    """Say whether this account has sent money to that person before."""
    with acting_as_service():
        theirs = Account.objects.filter(owner_id=recipient_id, kind=Account.Kind.WALLET).values("pk")
        return _sent_by(account).filter(credit_account__in=theirs).exists()


def _sent_by(account: Account) -> QuerySet[Transaction]:
    """A customer's account has a version in each row; saying so is what makes its history's index fit."""
    return Transaction.objects.filter(debit_account=account, debit_version__isnull=False)
