"""A row in every table of savings that is about a person."""

from dataclasses import replace

from accounts.models import User
from core.ids import posting_id, uuid7
from savings import services
from savings.interest import Every
from savings.models import AutoRun, AutoSaving, InterestChoice
from savings.services import grouping
from savings.services.replaying import enter_backdated
from savings.tests.world import NAIRA, TEN, day, moment, opened, plan_of
from wallet.tests.factories import make_wallet


def furnish_savings(user: User, friend: User) -> None:
    """Some days of saving in a group with a friend, of whom nothing is the user's to take home."""
    since = moment(day(3))
    for person in (user, friend):
        make_wallet(person, amount=20_000 * NAIRA)
    plan = plan_of("GROUP", terms=replace(TEN, paid=Every.DAY), code="furnished")
    group = grouping.make_group(
        group_id=uuid7(),
        user=user,
        plan=plan,
        name="Owambe",
        target=50_000 * NAIRA,
        target_date=day(-60),
        at=since,
    )
    facts = {"code": group.code, "amount": 10_000 * NAIRA, "at": since}
    own, _theirs = (
        grouping.join_group(saving_id=uuid7(), posting_id=posting_id(), user=person, **facts)
        for person in (user, friend)
    )
    services.quote_closing(saving_id=own.pk, user=user, at=moment(day(0)))
    weekly = AutoSaving.objects.create(
        saving=own, kind="RHYTHM", rhythm="WEEKLY", amount=NAIRA, first_date=day(2), next_date=day(-5)
    )
    AutoRun.objects.create(
        automatic=weekly, due_date=day(2), amount=NAIRA, state="SKIPPED", ended_at=moment(day(2))
    )
    InterestChoice.objects.create(user=user, earns=True, from_date=day(1))
    enter_backdated(
        saving_id=own.pk,
        amount=NAIRA,
        value_date=day(2),
        reason="a doubt of staff",
        posting_id=posting_id(),
        at=moment(day(0)),
    )
    opened(user, plan_of("FLEXIBLE", code="furnished-too"), at=since)
