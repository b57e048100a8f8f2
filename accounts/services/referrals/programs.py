"""Programmes: which one holds, beginning another, ending one. The rules of one are never changed."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import ReferralProgram, User
from accounts.models.referrals import PROGRAM_SHOWN
from core.actors import acting_as_service
from core.errors import DomainError

DAY = timedelta(days=1)


class ProgramOverlaps(DomainError):
    code = "referral_program_overlaps"
    kind = "conflict"
    message = _("Another programme begins on that day or later. End it first, or begin this one after it.")


class ProgramInPast(DomainError):
    code = "referral_program_in_past"
    message = _("A programme begins today or later: who invited somebody before did so by other rules.")


class ProgramOver(DomainError):
    code = "referral_program_over"
    kind = "conflict"
    message = _("This programme has ended already.")


def day_of(at: datetime) -> date:
    """Return the day of a moment where programmes run: Lagos, whatever zone a page is shown in."""
    return timezone.localdate(at, timezone.get_default_timezone())


def in_force(*, at: datetime) -> ReferralProgram | None:
    """Return the programme of the day (Lagos) in which this moment lies."""
    return ReferralProgram.objects.in_force(day_of(at)).only(*PROGRAM_SHOWN).first()


def program_for_strangers(*, at: datetime) -> ReferralProgram | None:
    """As `in_force`, for a page that anybody may see."""
    with acting_as_service():
        return in_force(at=at)


def make_program(*, by: User, reason: str, at: datetime, starts_on: date, **rules: Any) -> ReferralProgram:
    """Begin a programme, and let the one before it end on the day before.

    Raises ProgramInPast, ProgramOverlaps. What was begun under another keeps that one's rules.
    """
    if starts_on < day_of(at):
        raise ProgramInPast
    with acting_as_service():
        before = (
            ReferralProgram.objects.select_for_update()
            .in_force(starts_on)
            .filter(starts_on__lt=starts_on)
            .first()
        )
        if before:
            before.ends_on = starts_on - DAY
            before.save(update_fields=["ends_on"])
            audit.record(
                action="accounts.referral_program.followed",
                target=before,
                actor_id=by.pk,
                ends_on=str(before.ends_on),
            )
        try:
            with transaction.atomic():
                program = ReferralProgram.objects.create(made_by=by, made_at=at, starts_on=starts_on, **rules)
        except IntegrityError as error:
            if "referral_program_one_at_a_time" in str(error):
                raise ProgramOverlaps from None
            raise
        facts = {name: str(value) for name, value in rules.items() if name != "terms"}
        audit.record(
            action="accounts.referral_program.made",
            target=program,
            actor_id=by.pk,
            reason=reason,
            starts_on=str(starts_on),
            **facts,
        )
    return program


def end_program(*, program_id: Any, by: User, reason: str, at: datetime) -> ReferralProgram:
    """End a programme now: nobody joins under it any more; who has joined may still qualify. Raises ProgramOver."""
    with acting_as_service():
        program = ReferralProgram.objects.select_for_update().get(pk=program_id)
        if program.ended_at or (program.ends_on and program.ends_on < day_of(at)):
            raise ProgramOver
        program.ended_at, program.ended_by, program.end_reason = at, by, reason
        program.save(update_fields=["ended_at", "ended_by", "end_reason"])
        audit.record(action="accounts.referral_program.ended", target=program, actor_id=by.pk, reason=reason)
    return program
