"""A file of payouts is confirmed, by two people where it is an organisation's and large, or put aside."""

from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import Membership, Notification, User
from accounts.services.organizations import RoleNotEnough
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import BulkPayout, Merchant
from wallet.refusals import InsufficientFunds
from wallet.services.bulk.uploading import facts_of, managing
from wallet.services.cooling_off import check_cooling_off
from wallet.services.limits import limits_of
from wallet.services.merchants.applying import MerchantNotActive

State = BulkPayout.State
# A file that was looked at is confirmed within a day, or read anew; one that waits for somebody has a weekend more.
PREVIEW_FOR, WAITING_FOR = timedelta(hours=24), timedelta(hours=96)
# What one person of an organisation may have paid from files of their own, in kobo: ₦500,000 in 24 hours.
ALONE, WITHIN = 50_000_000, timedelta(hours=24)


class BulkOver(DomainError):
    code = "bulk_over"
    kind = "conflict"
    message = _("This file was paid or put aside already, or is too old. Upload it again.")


class NobodyElse(DomainError):
    code = "nobody_else"
    kind = "conflict"
    message = _(
        "Files of more than ₦500,000 in a day take two people. Your organisation has no other owner or administrator: "
        "invite one first."
    )


def confirm(*, bulk: BulkPayout, at: datetime, by: User | None = None) -> BulkPayout:
    """Have the good lines of a file paid. A repeat changes nothing.

    An organisation's is confirmed `by` one who manages it; where that is more than they may have paid alone, it is
    WAITING afterwards, until another of them confirms it. Raises BulkOver, InsufficientFunds, LimitExceeded,
    CoolingOff, OrganizationNotFound, RoleNotEnough, MerchantNotActive, NobodyElse: then nothing is paid.
    """
    with acting_as_service():
        if bulk.organization_id is not None:
            if by is None:
                raise RoleNotEnough
            managing(organization_id=bulk.organization_id, by=by)
        rows = BulkPayout.objects.select_for_update(of=("self",))
        held = rows.select_related("account", "organization").get(pk=bulk.pk)
        if held.state in (State.RUNNING, State.DONE):
            return held
        kept_for = {State.PREVIEW: PREVIEW_FOR, State.WAITING: WAITING_FOR}.get(State(held.state))
        if kept_for is None or at - held.uploaded_at > kept_for or held.amount == 0:
            raise BulkOver
        _check_money(held, at)
        if by is not None and held.organization_id is not None:
            if not Merchant.objects.get(organization=held.organization_id).is_active:
                raise MerchantNotActive
            if held.state == State.PREVIEW and not _may_alone(held, by, at):
                return _wait(held, by)
            if held.takes_two and held.uploaded_by_id == by.pk:
                return held
            held.confirmed_by = by
        held.state, held.confirmed_at = State.RUNNING, at
        held.save(update_fields=["state", "confirmed_at", "confirmed_by"])
        audit.record(
            action="wallet.bulk.confirmed",
            target=held,
            actor_id=by.pk if by else None,
            amount=held.amount,
            fee=held.fee,
        )
    return held


def discard(*, bulk: BulkPayout, at: datetime, by: User | None = None) -> None:
    """Put a file aside that is not being paid yet. Raises BulkOver, OrganizationNotFound, RoleNotEnough."""
    with acting_as_service():
        if bulk.organization_id is not None:
            if by is None:
                raise RoleNotEnough
            managing(organization_id=bulk.organization_id, by=by)
        here = BulkPayout.objects.filter(pk=bulk.pk, state__in=(State.PREVIEW, State.WAITING))
        if not here.update(state=State.CANCELLED, ended_at=at):
            raise BulkOver
        audit.record(action="wallet.bulk.discarded", target=bulk, actor_id=by.pk if by else None)


def _check_money(held: BulkPayout, at: datetime) -> None:
    """Raises InsufficientFunds, LimitExceeded, CoolingOff."""
    total = held.amount + held.fee
    if total > held.account.available:
        raise InsufficientFunds(available=held.account.available, amount=total)
    refusal = limits_of(account=held.account, at=at).refusal_of_day(held.amount)
    if refusal:
        raise refusal
    check_cooling_off(source=held.account, amount=held.amount, at=at)


def _may_alone(held: BulkPayout, by: User, at: datetime) -> bool:
    """Whether nobody else need look at it: another uploaded it, or it is little, with what they had paid lately.

    Its organisation is locked, so two files that are confirmed at once are counted one after the other.
    """
    if held.uploaded_by_id != by.pk:
        return True
    lately = BulkPayout.objects.filter(
        organization=held.organization_id, uploaded_by=by, confirmed_by=by, confirmed_at__gt=at - WITHIN
    )
    return int(lately.aggregate(total=Sum("amount"))["total"] or 0) + held.amount <= ALONE


def _wait(held: BulkPayout, by: User) -> BulkPayout:
    """Ask the others who manage the organisation. Raises NobodyElse."""
    managers = Membership.objects.filter(organization=held.organization_id, role__in=Membership.MANAGERS)
    others = list(managers.exclude(user=by).order_by("pk").values_list("user_id", flat=True))
    if not others:
        raise NobodyElse
    held.state, held.takes_two = State.WAITING, True
    held.save(update_fields=["state", "takes_two"])
    audit.record(action="wallet.bulk.asked", target=held, actor_id=by.pk, amount=held.amount)
    facts = {**facts_of(held), "amount": held.amount, "currency": held.account.currency_id}
    accounts.notify(
        notices=[Notification(user_id=person, event="bulk.waiting", data=facts) for person in others]
    )
    return held
