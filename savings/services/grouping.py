"""Saving together: one goal and one day for all, and for each person a saving of their own.

Money never mixes: whoever joins opens a saving under the group's plan, and leaves by ending it. Those who save in a
group see one another's names and what each has saved; nobody else sees more than a link's holder: its name, goal, day,
who made it, and how many they are.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Profile, User
from core.actors import acting_as_service
from core.api.ratelimit import count
from core.errors import DomainError
from core.money import split
from savings import notices
from savings.models import Move, PlanTerms, SavingsGroup, SavingsPlan, UserSavings
from savings.refusals import (
    AlreadyInGroup,
    GroupClosed,
    GroupFull,
    GroupIdReused,
    GroupInvalid,
    GroupNotFound,
    PlanClosed,
    SavingInvalid,
    TooManyGroupLookups,
    TooManyGroups,
)
from savings.services.opening import LONGEST_NAME, Wish, open_saving
from savings.services.terms import check_length, terms_in_force
from savings.states import GOES_ON
from wallet.services.documents import LETTERS, normal

MOST_PEOPLE, MOST_GROUPS, MOST_SHOWN = 50, 20, 60
LARGEST = 10**15
# 16 letters are 80 bits of chance; and nobody walks through them.
LENGTH, LOOKUPS = 16, "30/10minutes"
# A share is told in parts of a thousand, which add up to all of them.
WHOLE = 1_000
# Who has left by ending their saving is no member any more; who was paid out at the end still is.
MEMBERS = (*GOES_ON, UserSavings.State.PAID_OUT)


@dataclass(frozen=True)
class Member:
    """One who saves in a group; minor units, and their part of all that is saved in thousandths."""

    name: str
    saved: int
    share: int
    saving_id: UUID
    user_id: UUID
    is_organiser: bool

    @property
    def percent(self) -> str:
        return f"{self.share // 10}.{self.share % 10}"


@dataclass(frozen=True)
class Together:
    """What the members of a group have saved; minor units. `percent` is of the goal, and never more than 100."""

    members: list[Member]
    saved: int
    percent: int

    @property
    def ring(self) -> int:
        return self.percent


@dataclass(frozen=True)
class Invitation:
    """All that the holder of a group's link learns of it."""

    group: SavingsGroup
    organiser: str
    people: int


@dataclass(frozen=True)
class Glance:
    """A group in a list: how many they are, and the viewer's own saving in it."""

    group: SavingsGroup
    saving: UserSavings | None
    people: int


def make_group(
    *, group_id: UUID, user: User, plan: SavingsPlan, name: str, target: int, target_date: date, at: datetime
) -> SavingsGroup:
    """Make a group with a goal (minor units) and a day for all; a repeat returns the first.

    Raises GroupInvalid with the field, PlanClosed, GroupIdReused, TooManyGroups.
    """
    today = timezone.localdate(at)
    with acting_as_service():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        found = SavingsGroup.objects.filter(pk=group_id).first()
        if found is not None:
            if (found.organiser_id, found.name, found.target) != (user.pk, name, target):
                raise GroupIdReused
            return found
        _check(plan, name, target, target_date, today)
        if SavingsGroup.objects.filter(organiser=user, target_date__gt=today).count() >= MOST_GROUPS:
            raise TooManyGroups
        group = SavingsGroup.objects.create(
            id=group_id,
            organiser=user,
            plan=plan,
            name=name,
            target=target,
            target_date=target_date,
            code=_new_code(),
        )
        audit.record(action="savings.group.made", target=group, plan=plan.code, amount=target)
    return group


def _check(plan: SavingsPlan, name: str, target: int, target_date: date, today: date) -> None:
    if plan.kind != SavingsPlan.Kind.GROUP or not plan.is_open:
        raise PlanClosed
    if not 1 <= len(name) <= LONGEST_NAME:
        raise GroupInvalid(_("Give it a name of at most 80 characters."), field="name")
    if not 0 < target <= LARGEST:
        raise GroupInvalid(_("Say how much you want to have together."), field="target")
    try:
        check_length(terms_in_force(plan.pk, today), (target_date - today).days, field="target_date")
    except SavingInvalid as refusal:
        raise GroupInvalid(str(refusal), field="target_date") from None


def invitation(*, code: str) -> Invitation:
    """Return what a link leads to. Raises GroupNotFound, also for one that has been renewed.

    The caller counts the look-up first (`count_group_lookup`).
    """
    with acting_as_service():
        found = SavingsGroup.objects.filter(code=normal(code)).select_related("plan").first()
        if found is None:
            raise GroupNotFound
        organiser = Profile.objects.filter(user=found.organiser_id).values_list("display_name", flat=True)
        return Invitation(found, organiser.first() or "", _members(found).count())


def count_group_lookup(*, user: User, caller: str | None) -> None:
    """Count one link that a person follows, and one from an address. Raises TooManyGroupLookups.

    Counts nothing while Valkey is away: the codes cannot be guessed anyway.
    """
    for who in (f"user:{user.pk}", f"ip:{caller}"):
        hit = count("savings_group", LOOKUPS, who)
        if hit is not None and not hit.allowed:
            raise TooManyGroupLookups(retry_after=hit.resets_in)


def join_group(
    *,
    code: str,
    saving_id: UUID,
    user: User,
    amount: int,
    posting_id: UUID,
    at: datetime,
    terms: PlanTerms | None = None,
) -> UserSavings:
    """Open one's own saving in a group, and pay its first `amount` (minor units); a repeat returns the first.

    Raises GroupNotFound, GroupClosed, GroupFull, AlreadyInGroup, and as `open_saving`.
    """
    with acting_as_service():
        groups = SavingsGroup.objects.select_for_update(of=("self",), no_key=True).select_related("plan")
        group = groups.filter(code=normal(code)).first()
        if group is None:
            raise GroupNotFound
        is_new = not UserSavings.objects.filter(pk=saving_id, user=user, group=group).exists()
        if is_new:
            _check_room(group, user, timezone.localdate(at))
        saving = open_saving(
            saving_id=saving_id,
            user=user,
            plan=group.plan,
            wish=Wish(name=group.name, target_date=group.target_date),
            amount=amount,
            posting_id=posting_id,
            at=at,
            terms=terms,
            group=group,
        )
        if is_new and group.organiser_id != user.pk:
            notices.joined(group, user)
        return saving


def _check_room(group: SavingsGroup, user: User, today: date) -> None:
    """Under the group's lock, so that nobody is let in beside the last one."""
    own = own_saving(group=group, user=user)
    if own is not None:
        raise AlreadyInGroup(saving=str(own.pk))
    refusal = _why_not(group, _members(group).count(), today)
    if refusal is not None:
        raise refusal


def why_not(*, invitation: Invitation, on: date) -> DomainError | None:
    """Return why nobody can join on a day; None where they can."""
    return _why_not(invitation.group, invitation.people, on)


def _why_not(group: SavingsGroup, people: int, today: date) -> DomainError | None:
    shortest = terms_in_force(group.plan_id, today).shortest or 1
    if group.closed_at is not None or (group.target_date - today).days < shortest:
        return GroupClosed()
    return GroupFull() if people >= MOST_PEOPLE else None


def close_group(*, group_id: UUID, user: User, at: datetime) -> SavingsGroup:
    """Let nobody else in; those who are in go on. Only its organiser may. Raises GroupNotFound."""
    with acting_as_service():
        group = _organised(group_id, user)
        if group.closed_at is None:
            group.closed_at = at
            group.save(update_fields=["closed_at"])
            audit.record(action="savings.group.closed", target=group)
    return group


def renew_code(*, group_id: UUID, user: User) -> SavingsGroup:
    """Give a group a new link, and let people in by it; the one before leads nowhere. Raises GroupNotFound."""
    with acting_as_service():
        group = _organised(group_id, user)
        group.code, group.closed_at = _new_code(), None
        group.save(update_fields=["code", "closed_at"])
        audit.record(action="savings.group.renewed", target=group)
    return group


def _organised(group_id: UUID, user: User) -> SavingsGroup:
    mine = SavingsGroup.objects.select_for_update(no_key=True).filter(organiser=user)
    group = mine.filter(pk=group_id).first()
    if group is None:
        raise GroupNotFound
    return group


def own_saving(*, group: SavingsGroup, user: User) -> UserSavings | None:
    """Return the saving by which a person is a member of a group."""
    return _members(group).filter(user=user).select_related("account").order_by("-pk").first()


def glances(*, user: User) -> list[Glance]:
    """Return the groups that a person made or saves in, or saved in, the newest first."""
    with acting_as_service():
        groups = SavingsGroup.objects.visible_to(user).select_related("plan").order_by("-pk")[:MOST_SHOWN]
        members = UserSavings.objects.filter(group__in=[group.pk for group in groups], state__in=MEMBERS)
        people = dict(members.values_list("group_id").annotate(people=Count("pk")))
        own = {row.group_id: row for row in members.filter(user=user).select_related("account")}
        return [Glance(group, own.get(group.pk), people.get(group.pk, 0)) for group in groups]


def glance(*, group: SavingsGroup, user: User) -> Glance:
    """Return as much of a group as a list shows to one of its members, or to its organiser."""
    with acting_as_service():
        return Glance(group, own_saving(group=group, user=user), _members(group).count())


def together(*, group: SavingsGroup, user: User) -> Together:
    """Return what each member has saved, the most first. Raises GroupNotFound for whoever is no member."""
    with acting_as_service():
        if own_saving(group=group, user=user) is None:
            raise GroupNotFound
        rows = list(
            _members(group)
            .select_related("account")
            .annotate(shown=F("user__profile__display_name"))
            .order_by("pk")
        )
        paid_out = _paid_out([row for row in rows if row.state == UserSavings.State.PAID_OUT])
    amounts = [paid_out.get(row.pk, row.account.balance) for row in rows]
    saved = sum(amounts)
    shares = split(WHOLE, amounts) if saved else [0] * len(rows)
    members = [
        Member(row.shown, amount, share, row.pk, row.user_id, row.user_id == group.organiser_id)
        for row, amount, share in zip(rows, amounts, shares, strict=True)
    ]
    members.sort(key=lambda member: -member.saved)
    return Together(members, saved, min(saved * 100 // group.target, 100))


def _paid_out(savings: list[UserSavings]) -> dict[UUID, int]:
    """What each of some savings came to when it was paid out: what left it last."""
    left = Move.objects.filter(saving__in=savings, kind=Move.Kind.WITHDRAWAL).order_by("made_at", "pk")
    return {saving_id: -amount for saving_id, amount in left.values_list("saving_id", "amount")}


def _members(group: SavingsGroup) -> QuerySet[UserSavings]:
    return UserSavings.objects.filter(group=group, state__in=MEMBERS)


def _new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _letter in range(LENGTH))
