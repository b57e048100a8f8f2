"""Joining by somebody's code: what links two people, once, at sign-up and never after."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts import audit
from accounts.models import Notification, Referral, ReferralProgram, User
from accounts.services.notices import notify
from accounts.services.referrals.codes import CodeNoLongerValid, CodeNotFound, Inviter, inviter_of
from accounts.services.referrals.programs import day_of, in_force
from core.actors import acting_as_service
from core.encryption import blind_index

EMAIL = "referral-invitation"


def attach(*, user: User, display_name: str, code: str, at: datetime) -> Referral | None:
    """Link a person who signs up to whoever's code they bring; None where it leads to nobody or no programme holds.

    Nobody is kept from joining by a code that is not valid.
    """
    with acting_as_service():
        program = in_force(at=at)
        try:
            inviter = inviter_of(text=code)
        except (CodeNotFound, CodeNoLongerValid):
            return None
        if program is None or inviter.user_id == user.pk:
            return None
        referral = _link(user, display_name, inviter, program, at)
        audit.record(action="accounts.referral.joined", target=referral, actor_id=user.pk)
        notice = Notification(
            user_id=inviter.user_id, event="referral.joined", data={"name": referral.shown_as}
        )
        notify(notices=[notice])
    return referral


def leave(*, user: User, at: datetime) -> None:
    """Undo a link of somebody who signs up anew, having never come in: the last sign-up holds."""
    with acting_as_service():
        joined = Referral.objects.filter(invited=user, state=Referral.State.JOINED)
        joined.update(state=Referral.State.REFUSED, reason="REPLACED", told="REPLACED", changed_at=at)


def _link(
    user: User, display_name: str, inviter: Inviter, program: ReferralProgram, at: datetime
) -> Referral:
    """Use the invitation that was mailed to this address, if its programme still lets it, else begin anew."""
    facts = {
        "invited": user,
        "state": Referral.State.JOINED,
        "shown_as": shown_as(display_name),
        "joined_at": at,
        "changed_at": at,
    }
    mailed = (
        Referral.objects.select_for_update(of=("self",))
        .select_related("program")
        .filter(
            referrer_id=inviter.user_id,
            email_index=index_of(user.email),
            state=Referral.State.INVITED,
            qualify_by__gte=at,
        )
        .first()
    )
    if mailed is None:
        return Referral.objects.create(
            program=program,
            referrer_id=inviter.user_id,
            qualify_by=last_moment(at, program.window_days),
            **facts,
        )
    for name, value in facts.items():
        setattr(mailed, name, value)
    mailed.qualify_by = last_moment(at, mailed.program.window_days)
    mailed.save(update_fields=[*facts, "qualify_by"])
    return mailed


def shown_as(display_name: str) -> str:
    """As much of a name as whoever invited them sees: `Bola Adé` is `Bola A.`"""
    first, *rest = display_name.split()
    return f"{first[:90]} {rest[-1][0]}." if rest else first[:90]


def index_of(email: str) -> str:
    return blind_index(email.strip().lower(), purpose=EMAIL)


def last_moment(at: datetime, days: int) -> datetime:
    """Return the last moment of the day (Lagos) that lies `days` days after the one of `at`."""
    day = day_of(at) + timedelta(days=days + 1)
    midnight = timezone.make_aware(
        datetime.combine(day, datetime.min.time()), timezone.get_default_timezone()
    )
    return midnight - timedelta(microseconds=1)
