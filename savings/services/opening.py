"""Opening a saving. It is a draft until money is in it; the first money starts its days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from savings.models import PlanTerms, Position, SavingsGroup, SavingsPlan, UserSavings
from savings.refusals import PlanClosed, SavingIdReused, SavingInvalid, TermsChanged, TooManySavings
from savings.services.contributing import pay_in
from savings.services.holding import hold
from savings.services.steps import step
from savings.services.terms import check_length, terms_in_force, value_day
from savings.states import GOES_ON, Event

MOST = 100
LONGEST_NAME = 80
Kind = SavingsPlan.Kind


@dataclass(frozen=True)
class Wish:
    """What somebody wants of a saving; amounts in minor units. `days` is the length of a fixed one."""

    name: str
    target: int | None = None
    target_date: date | None = None
    days: int | None = None
    at_maturity: str = UserSavings.AtMaturity.PAY_OUT


def open_saving(
    *,
    saving_id: UUID,
    user: User,
    plan: SavingsPlan,
    wish: Wish,
    at: datetime,
    amount: int = 0,
    posting_id: UUID | None = None,
    terms: PlanTerms | None = None,
    group: SavingsGroup | None = None,
) -> UserSavings:
    """Open a saving, and pay its first `amount` (minor units) from the customer's wallet; a repeat returns the first.

    With nothing paid yet it stays a draft. `terms` are those that were shown.

    Raises PlanClosed, TermsChanged, SavingInvalid, SavingIdReused, TooManySavings, and as `contribute`.
    """
    with acting_as_service(), transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        saving = UserSavings.objects.filter(pk=saving_id).first()
        if saving is not None and (saving.user_id, saving.plan_id) != (user.pk, plan.pk):
            raise SavingIdReused
        if saving is None:
            saving = _wanted(saving_id, user, plan, wish, terms, group, at)
        if amount or plan.kind == Kind.FIXED:
            if posting_id is None:
                raise SavingInvalid(_("Say how much you save first."), field="amount")
            pay_in(hold(saving_id, user_id=user.pk, at=at), amount=amount, posting_id=posting_id, at=at)
            saving.refresh_from_db()
    return saving


def cancel_saving(*, saving_id: UUID, user: User, at: datetime) -> UserSavings:
    """Give up a saving that nothing was paid into yet. Raises SavingNotFound, StateRefused."""
    with acting_as_service(), transaction.atomic():
        held = hold(saving_id, user_id=user.pk, at=at)
        step(held.saving, Event.CANCEL, at=at)
    return held.saving


def _wanted(
    saving_id: UUID,
    user: User,
    plan: SavingsPlan,
    wish: Wish,
    shown: PlanTerms | None,
    group: SavingsGroup | None,
    at: datetime,
) -> UserSavings:
    if not plan.is_open:
        raise PlanClosed
    if UserSavings.objects.filter(user=user, state__in=GOES_ON).count() >= MOST:
        raise TooManySavings
    terms = terms_in_force(plan.pk, value_day(at, None))
    if shown is not None and shown.pk != terms.pk:
        raise TermsChanged
    ends = end_of(plan, terms, wish, since=value_day(at, terms.cut_off))
    saving = draft(
        saving_id=saving_id,
        user_id=user.pk,
        plan=plan,
        terms=terms,
        matures_on=ends,
        name=wish.name,
        target=wish.target,
        target_date=wish.target_date,
        at_maturity=wish.at_maturity,
        group=group,
    )
    audit.record(action="savings.saving.opened", target=saving, plan=plan.code, terms=str(terms.pk))
    return saving


def draft(
    *,
    saving_id: UUID,
    user_id: UUID,
    plan: SavingsPlan,
    terms: PlanTerms,
    matures_on: date | None,
    **facts: Any,
) -> UserSavings:
    """Write a saving without money, its position and its ledger account. With an end, it keeps its terms."""
    account_id = _open_account(saving_id, user_id, plan)
    own = terms if matures_on else None
    saving = UserSavings.objects.create(
        id=saving_id,
        user_id=user_id,
        plan=plan,
        terms=own,
        account_id=account_id,
        matures_on=matures_on,
        **facts,
    )
    Position.objects.create(
        saving=saving, account_id=account_id, plan_id=plan.pk, terms_id=own.pk if own else None
    )
    return saving


def end_of(plan: SavingsPlan, terms: PlanTerms, wish: Wish, *, since: date) -> date | None:
    """Return the day on which a saving begun on `since` matures; None where the plan has no end.

    Raises SavingInvalid with the field that is wrong.
    """
    if not 1 <= len(wish.name) <= LONGEST_NAME:
        raise SavingInvalid(_("Give it a name of at most 80 characters."), field="name")
    if wish.target is not None and wish.target <= 0:
        raise SavingInvalid(_("A target is above zero."), field="target")
    if wish.at_maturity != UserSavings.AtMaturity.PAY_OUT and plan.kind != Kind.FIXED:
        raise SavingInvalid(_("Only a fixed saving can be saved again."), field="at_maturity")
    if plan.kind == Kind.FLEXIBLE:
        if wish.target_date is not None and wish.target_date <= since:
            raise SavingInvalid(_("Choose a day to come."), field="target_date")
        return None
    if plan.kind == Kind.FIXED:
        if wish.days is None:
            raise SavingInvalid(_("Choose for how long."), field="days")
        ends = since + timedelta(days=wish.days)
    elif wish.target_date is None or (wish.target is None and plan.kind == Kind.TARGET):
        raise SavingInvalid(
            _("Say how much you want to have, and by when."),
            field="target" if wish.target is None else "target_date",
        )
    else:
        ends = wish.target_date
    check_length(terms, (ends - since).days, field="days" if plan.kind == Kind.FIXED else "target_date")
    return ends


def _open_account(saving_id: UUID, user_id: UUID, plan: SavingsPlan) -> UUID:
    """A ledger account of its own, under the saving's id."""
    with connection.cursor() as cursor:
        cursor.execute("select wallet.open_savings(%s, %s, %s)", [saving_id, user_id, plan.currency_id])
    return saving_id
