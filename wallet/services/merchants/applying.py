"""Becoming a merchant: an organisation applies, staff decide, its owners and administrators keep its facts right."""

import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import Membership, Notification, Organization, User
from accounts.organization_mails import carries_a_link
from accounts.services import organizations
from accounts.services.organizations import RoleNotEnough
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import merchant_events
from wallet.models import Account, Merchant
from wallet.services.accounts import NGN, set_state
from wallet.services.posting import run

_OPEN = "select wallet.open_system_account(%s, 'MERCHANT', %s, 'CREDIT', false, 0)"


class MerchantNotFound(DomainError):
    code = "merchant_not_found"
    kind = "not_found"
    message = _("This organisation takes no payments yet.")


class AlreadyAMerchant(DomainError):
    code = "merchant_exists"
    kind = "conflict"
    message = _("This organisation has applied already.")


class MerchantNotActive(DomainError):
    code = "merchant_not_active"
    kind = "conflict"
    message = _("This is not possible while payments to this organisation are switched off.")


class MoneyRemains(DomainError):
    code = "merchant_money_remains"
    kind = "conflict"
    message = _("There is still money in the organisation's account: take it out first.")


class MerchantTextRefused(DomainError):
    code = "merchant_text_refused"
    message = _("A name that customers see has letters, is one line, and holds nothing like an address.")


def apply_as_merchant(
    *,
    organization_id: UUID,
    by: User,
    display_name: str,
    category: str,
    support_email: str,
    at: datetime,
    support_phone: str = "",
) -> Merchant:
    """Ask that an organisation may be paid; its account is opened now, and takes money once staff agree.

    Raises OrganizationNotFound, RoleNotEnough for whoever is not an owner, MerchantTextRefused, AlreadyAMerchant.
    """
    name = one_line(display_name)
    with acting_as_service():
        mine = organizations.locked(organization_id=organization_id, by=by)
        if not mine.owns:
            raise RoleNotEnough
        account_id = run(_OPEN, [f"merchant:{organization_id}", NGN])[0][0]
        merchant = Merchant(
            organization=mine.organization,
            account_id=account_id,
            display_name=name,
            category=Merchant.Category(category),
            support_email=support_email,
            support_phone=support_phone,
            applied_at=at,
        )
        try:
            with transaction.atomic():
                merchant.save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyAMerchant from error
        audit.record(action="wallet.merchant.applied", target=merchant, actor_id=by.pk, name=name)
    return merchant


def change_merchant(
    *,
    merchant: Merchant,
    by: User,
    display_name: str,
    category: str,
    support_email: str,
    support_phone: str = "",
) -> Merchant:
    """Change what customers see of a merchant. Raises OrganizationNotFound, RoleNotEnough, MerchantTextRefused."""
    fields: dict[str, Any] = {
        "display_name": one_line(display_name),
        "category": Merchant.Category(category),
        "support_email": support_email,
        "support_phone": support_phone,
    }
    with acting_as_service():
        managing(merchant=merchant, by=by)
        before = {name: getattr(merchant, name) for name in fields}
        for name, value in fields.items():
            setattr(merchant, name, value)
        merchant.save(update_fields=list(fields))
        changed = [name for name in fields if before[name] != fields[name]]
        audit.record(action="wallet.merchant.changed", target=merchant, actor_id=by.pk, fields=changed)
    return merchant


def activate(*, merchant: Merchant, by: User, reason: str, at: datetime) -> Merchant:
    """Let a merchant be paid. The view has asked whether this member of staff may."""
    return _decide(merchant, Merchant.State.ACTIVE, Account.State.ACTIVE, by=by, reason=reason, at=at)


def suspend(*, merchant: Merchant, by: User, reason: str, at: datetime) -> Merchant:
    """Stop a merchant: nobody can pay it, and what it has stays where it is. The view has asked who may."""
    return _decide(merchant, Merchant.State.SUSPENDED, Account.State.FROZEN, by=by, reason=reason, at=at)


def close(*, organization: Organization, **_signal: Any) -> None:
    """End the account of an organisation that is closed, and with it its links. Raises MoneyRemains."""
    merchant = Merchant.objects.select_related("account").filter(organization=organization).first()
    if merchant is None:
        return
    if merchant.account.balance or merchant.account.held:
        raise MoneyRemains
    merchant.state, merchant.reason = Merchant.State.SUSPENDED, "organisation closed"
    merchant.save(update_fields=["state", "reason"])
    if merchant.account.state != Account.State.CLOSED:
        set_state(account=merchant.account, state=Account.State.CLOSED, reason=merchant.reason)


def managing(*, merchant: Merchant, by: User, owner: bool = False) -> Membership:
    """Lock a merchant's organisation; return what `by` is there. Raises OrganizationNotFound, RoleNotEnough."""
    mine = organizations.locked(organization_id=merchant.organization_id, by=by)
    if not (mine.owns if owner else mine.manages):
        raise RoleNotEnough
    return mine


def one_line(text: str) -> str:
    """A name on one line, without a link: strangers get it by mail. Raises MerchantTextRefused."""
    text = " ".join(text.split())
    shown = all(unicodedata.category(letter)[0] != "C" or letter in "\u200c\u200d" for letter in text)
    lettered = any(unicodedata.category(letter)[0] in "LN" for letter in text)
    if not (shown and lettered) or carries_a_link(text):
        raise MerchantTextRefused
    return text


def _decide(
    merchant: Merchant, state: str, account_state: str, *, by: User, reason: str, at: datetime
) -> Merchant:
    with acting_as_service():
        merchant = (
            Merchant.objects.select_for_update(of=("self",), no_key=True)
            .select_related("account", "organization")
            .get(pk=merchant.pk)
        )
        if merchant.state == state:
            return merchant
        merchant.state, merchant.reason, merchant.decided_at = state, reason, at
        merchant.save(update_fields=["state", "reason", "decided_at"])
        set_state(account=merchant.account, state=account_state, reason=reason)
        event = "activated" if state == Merchant.State.ACTIVE else "suspended"
        audit.record(action=f"wallet.merchant.{event}", target=merchant, actor_id=by.pk, reason=reason)
        merchant_events.merchant_decided(merchant)
        tell_owners(merchant, f"merchant.{event}")
    return merchant


def tell_owners(merchant: Merchant, event: str, **facts: Any) -> None:
    """Leave a notice with each owner of a merchant's organisation."""
    data = {"merchant": merchant.display_name, "slug": merchant.organization.slug, **facts}
    people = organizations.owners_of(merchant.organization)
    accounts.notify(notices=[Notification(user_id=person, event=event, data=data) for person in people])
