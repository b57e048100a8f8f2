"""A customer's accounts at banks: found by number, named by the bank, kept sealed, taken off the list again.

found = look_up(owner=…, bank_code=…, number=…, at=…)     # asks the bank whose it is; nothing is stored
account = save_found(owner=…, found=found, at=…)           # once its owner has seen the name
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit
from accounts import services as accounts
from accounts.kyc import names
from accounts.models import KycApplication, Notification, Organization, Profile, User
from accounts.services import organizations
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from core.outbound import require_no_transaction
from wallet import nuban
from wallet.gateways.capabilities import KnowsBanks
from wallet.models import BankAccount, PaymentGateway
from wallet.services.banks import bank_of, payout_gateway
from wallet.services.gateways import adapter_of
from wallet.services.lookups import count_resolve

MOST = 20
_PLACE = "wallet_bankaccount.sealed"


class AccountNumberWrong(DomainError):
    code = "account_number_wrong"
    message = _("An account number has ten digits. Check yours and type it again.")


class TooManyBankAccounts(DomainError):
    code = "too_many_bank_accounts"
    kind = "conflict"
    message = _("You have 20 bank accounts here. Remove one that you no longer use, then add this one.")


class BankAccountGone(DomainError):
    code = "bank_account_gone"
    kind = "conflict"
    message = _("This bank account was removed. Add it again to use it.")


@dataclass(frozen=True)
class Found:
    """An account as its bank names it. `suspicious` says that the number's check digit does not fit the bank."""

    gateway: str
    bank_code: str
    bank_name: str
    number: str = field(repr=False)
    holder_name: str
    holder: str
    suspicious: bool

    @property
    def last_four(self) -> str:
        return self.number[-4:]

    @property
    def is_own(self) -> bool:
        return self.holder == BankAccount.Holder.SELF


@sensitive_variables("number")
def look_up(
    *, owner: User, bank_code: str, number: str, at: datetime, organization: Organization | None = None
) -> Found:
    """Ask the bank whose account this is, and compare its name with the owner's, or the organisation's. Calls outside.

    Raises AccountNumberWrong, BankUnknown, NoPayouts, TooManyLookups, AccountNotResolved, GatewayRefused,
    GatewayUnavailable.
    """
    number = "".join(number.split())
    if not nuban.is_number(number):
        raise AccountNumberWrong
    gateway = payout_gateway()
    with acting_as_service():
        bank = bank_of(gateway=gateway, code=bank_code)
        own_name = organization.name if organization else legal_name(owner)
    count_resolve(user_id=owner.pk, at=at)
    require_no_transaction()
    adapter = cast(KnowsBanks, adapter_of(gateway))
    name = adapter.resolve_account(account_number=number, bank_code=bank.code)
    return Found(
        gateway=gateway.pk,
        bank_code=bank.code,
        bank_name=bank.name,
        number=number,
        holder_name=name,
        holder=holder_of(own_name, name),
        suspicious=nuban.looks_wrong(bank.code, number),
    )


def legal_name(user: User) -> str:
    """Return the name that was verified, else the one the customer goes by."""
    approved = KycApplication.objects.filter(customer_id=user.pk, state=KycApplication.State.APPROVED)
    declared = approved.order_by("-id").values_list("first_name", "middle_name", "last_name").first()
    name = " ".join(part for part in declared or () if part)
    return name or Profile.objects.filter(user=user).values_list("display_name", flat=True).first() or ""


def holder_of(own_name: str, found: str) -> str:
    """Say how the name at the bank agrees with the customer's."""
    likeness = names.score(own_name, found)
    if likeness >= names.MATCH:
        return BankAccount.Holder.SELF
    return BankAccount.Holder.SIMILAR if likeness >= names.PARTIAL else BankAccount.Holder.OTHER


def save_found(*, owner: User, found: Found, at: datetime, account_id: UUID | None = None) -> BankAccount:
    """Put an account on its owner's list, who is told; one that is there already is returned as it is.

    The first becomes the default. Raises TooManyBankAccounts.
    """
    with acting_as_service():
        # One customer's changes come one after the other.
        User.objects.select_for_update().get(pk=owner.pk)
        theirs = BankAccount.objects.filter(owner=owner)
        account = theirs.filter(gateway=found.gateway, blind_index=_index(found)).first()
        if account is not None and account.saved and account.removed_at is None:
            return account
        if theirs.saved().count() >= MOST:
            raise TooManyBankAccounts
        is_default = not theirs.filter(is_default=True).exists()
        account = _stored(
            account, owner=owner, found=found, at=at, account_id=account_id, is_default=is_default
        )
        audit.record(
            action="wallet.bank_account.added",
            target=account,
            actor_id=owner.pk,
            bank=found.bank_code,
            last_four=found.last_four,
            holder=found.holder,
        )
        tell_owner(account, "bank_account.added")
        return account


def save_for_organization(*, organization: Organization, found: Found, at: datetime) -> BankAccount:
    """Keep an account that an organisation is paid to, and tell its owners; a repeat returns the first.

    The caller says who may do so. Raises TooManyBankAccounts.
    """
    with acting_as_service():
        theirs = BankAccount.objects.filter(organization=organization)
        account = theirs.filter(gateway=found.gateway, blind_index=_index(found)).first()
        if account is None or account.removed_at is not None:
            if theirs.saved().count() >= MOST:
                raise TooManyBankAccounts
            account = _stored(account, owner=None, organization=organization, found=found, at=at)
            audit.record(
                action="wallet.bank_account.added", target=account, organization=str(organization.pk)
            )
            tell_owner(account, "bank_account.added")
        return account


def destination(
    *, owner: User | None, organization: Organization | None, found: Found, at: datetime
) -> BankAccount:
    """Return the account that is paid once, from a file: kept, and not put on the list of whoever pays."""
    with acting_as_service():
        theirs = BankAccount.objects.filter(owner=owner, organization=organization)
        known = theirs.filter(gateway=found.gateway, blind_index=_index(found)).first()
        if known is not None:
            return known
        with transaction.atomic():
            return _stored(None, owner=owner, organization=organization, found=found, at=at, saved=False)


def remove_bank_account(*, account: BankAccount, at: datetime) -> None:
    """Take an account off its owner's list; what is on its way there arrives. Raises BankAccountGone."""
    with acting_as_service():
        here = BankAccount.objects.saved().filter(pk=account.pk)
        if not here.update(removed_at=at, is_default=False):
            raise BankAccountGone
        following = BankAccount.objects.saved().filter(owner=account.owner_id, organization=None)
        if account.is_default and (next_one := following.order_by("-id").first()):
            BankAccount.objects.filter(pk=next_one.pk).update(is_default=True)
        audit.record(action="wallet.bank_account.removed", target=account)
        tell_owner(account, "bank_account.removed")


def make_default(*, account: BankAccount) -> None:
    """Have a customer's withdrawals go to this account unless another is chosen. Raises BankAccountGone."""
    with acting_as_service():
        list(BankAccount.objects.select_for_update().filter(owner=account.owner_id).order_by("pk"))
        if not BankAccount.objects.saved().filter(pk=account.pk).exists():
            raise BankAccountGone
        BankAccount.objects.filter(owner=account.owner_id, is_default=True).update(is_default=False)
        BankAccount.objects.filter(pk=account.pk).update(is_default=True)
        audit.record(action="wallet.bank_account.made_default", target=account)


def number_of(account: BankAccount) -> str:
    """Open the sealed number, for the gateway alone. Raises DecryptionFailed."""
    return encryption.open_sealed(account.sealed, aad=f"{_PLACE}.{account.pk}")


def tell_owner(account: BankAccount, event: str) -> None:
    """Leave a notice with whoever owns an account, or owns the organisation that does."""
    facts: dict[str, Any] = {
        "bank_account": str(account.pk),
        "bank": account.bank_name,
        "last_four": account.last_four,
    }
    people = [account.owner_id] if account.owner_id else []
    if account.organization:
        people = list(organizations.owners_of(account.organization))
        facts |= {"organization": account.organization.name, "slug": account.organization.slug}
    accounts.notify(notices=[Notification(user_id=person, event=event, data=facts) for person in people])


def _index(found: Found) -> str:
    return encryption.blind_index(f"{found.bank_code}:{found.number}", purpose="bank.account")


def _stored(
    account: BankAccount | None,
    *,
    owner: User | None,
    found: Found,
    at: datetime,
    organization: Organization | None = None,
    account_id: UUID | None = None,
    is_default: bool = False,
    saved: bool = True,
) -> BankAccount:
    """A new row, or the one there was, as if it were added now."""
    facts: dict[str, Any] = {
        "bank_name": found.bank_name,
        "holder_name": found.holder_name,
        "holder": found.holder,
        "is_default": is_default,
        "saved": saved,
        "added_at": at,
    }
    if account is not None:
        BankAccount.objects.filter(pk=account.pk).update(**facts, removed_at=None)
        account.refresh_from_db()
        return account
    pk = account_id or uuid7()
    return BankAccount.objects.create(
        id=pk,
        owner=owner,
        organization=organization,
        gateway=PaymentGateway(pk=found.gateway),
        bank_code=found.bank_code,
        sealed=encryption.seal(found.number, aad=f"{_PLACE}.{pk}"),
        blind_index=_index(found),
        last_four=found.last_four,
        **facts,
    )
