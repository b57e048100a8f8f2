"""What a saver, or staff, says of a saving that goes on. None of it moves money."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from savings.models import UserSavings
from savings.refusals import SavingInvalid, SavingOver, StateRefused
from savings.services.holding import Held, hold
from savings.services.opening import LONGEST_NAME
from savings.services.steps import step
from savings.services.terms import check_length, terms_of
from savings.states import ENDS_EARLY, Event


def pause_saving(*, saving_id: UUID, user: User, at: datetime, reason: str = "") -> UserSavings:
    """Save nothing by itself until it is resumed. Raises SavingNotFound, StateRefused."""
    return _step(saving_id, user.pk, Event.PAUSE, at, reason)


def resume_saving(*, saving_id: UUID, user: User, at: datetime) -> UserSavings:
    """Go on saving by itself. Raises SavingNotFound, StateRefused."""
    return _step(saving_id, user.pk, Event.RESUME, at, "")


def freeze_saving(*, saving_id: UUID, reason: str, at: datetime) -> UserSavings:
    """Hold a saving for the law: nothing in or out, also at its end; it goes on earning. Raises as `pause_saving`."""
    return _step(saving_id, None, Event.FREEZE, at, reason)


def lift_saving(*, saving_id: UUID, reason: str, at: datetime) -> UserSavings:
    """Let a frozen saving go. Raises SavingNotFound, StateRefused."""
    return _step(saving_id, None, Event.LIFT, at, reason)


def extend_saving(*, saving_id: UUID, user: User, matures_on: date, at: datetime) -> UserSavings:
    """Move a saving's end to a later day, at the same rate; never to an earlier one.

    Raises SavingNotFound, StateRefused, SavingOver, SavingInvalid.
    """
    with acting_as_service(), transaction.atomic():
        held = hold(saving_id, user_id=user.pk, at=at)
        saving, position = held.saving, held.position
        _check_extension(held, matures_on)
        was, saving.matures_on = saving.matures_on, matures_on
        position.last_day = matures_on - date.resolution
        if saving.target_date is not None:
            saving.target_date = matures_on
        saving.save(update_fields=["matures_on", "target_date"])
        position.save(update_fields=["last_day"])
        audit.record(
            action="savings.saving.extended", target=saving, was=str(was), matures_on=str(matures_on)
        )
    return saving


def _check_extension(held: Held, matures_on: date) -> None:
    saving = held.saving
    if saving.state not in ENDS_EARLY:
        raise StateRefused(state=saving.state, event="extend")
    if saving.matures_on is None or saving.opened_on is None:
        raise SavingInvalid(_("This saving has no end to move."), field="matures_on")
    if held.is_over:
        raise SavingOver
    if matures_on <= saving.matures_on:
        raise SavingInvalid(_("An end can be moved to a later day only."), field="matures_on")
    terms = terms_of(saving, held.today)
    if terms.up_front:
        raise SavingInvalid(_("Its interest was paid for the days agreed."), field="matures_on")
    check_length(terms, (matures_on - saving.opened_on).days, field="matures_on")


def rename_saving(*, saving_id: UUID, user: User, name: str, at: datetime) -> UserSavings:
    """Give a saving another name. Raises SavingNotFound, SavingInvalid."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise SavingInvalid(_("Give it a name of at most 80 characters."), field="name")
    with acting_as_service(), transaction.atomic():
        saving = hold(saving_id, user_id=user.pk, at=at).saving
        saving.name = name
        saving.save(update_fields=["name"])
        audit.record(action="savings.saving.renamed", target=saving)
    return saving


def choose_at_maturity(*, saving_id: UUID, user: User, choice: str, at: datetime) -> UserSavings:
    """Say what happens to a fixed saving's money at its end. Raises SavingNotFound, StateRefused, SavingInvalid."""
    with acting_as_service(), transaction.atomic():
        held = hold(saving_id, user_id=user.pk, at=at)
        saving = held.saving
        if saving.state not in ENDS_EARLY or held.is_over:
            raise StateRefused(state=saving.state, event="choose_at_maturity")
        is_known = choice in UserSavings.AtMaturity.values
        if not is_known or (choice != UserSavings.AtMaturity.PAY_OUT and saving.plan.kind != "FIXED"):
            raise SavingInvalid(_("Choose one of those offered."), field="at_maturity")
        saving.at_maturity = choice
        saving.save(update_fields=["at_maturity"])
        audit.record(action="savings.saving.at_maturity", target=saving, choice=choice)
    return saving


def _step(saving_id: UUID, user_id: UUID | None, event: Event, at: datetime, reason: str) -> UserSavings:
    with acting_as_service(), transaction.atomic():
        held = hold(saving_id, user_id=user_id, at=at)
        step(held.saving, event, at=at, reason=reason)
    return held.saving
