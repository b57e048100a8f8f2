"""Saving together: who may join, who sees what, and shares that add up."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from accounts.models import Notification, Profile, User
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as, acting_as_service
from core.ids import posting_id, uuid7
from savings import refusals, services
from savings.models import SavingsGroup, UserSavings
from savings.services import grouping
from savings.tests.world import DAY, NAIRA, TEN, day, funded, moment, plan_of
from wallet import services as wallet
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db
AT = moment(day(0))


def group_of(user: User, **changes: Any) -> SavingsGroup:
    plan = changes.pop("plan", None) or plan_of("GROUP", shortest=30, longest=365, minimum=100 * NAIRA)
    facts = {"name": "A trip to Accra", "target": 100_000 * NAIRA, "target_date": day(-90), "at": AT}
    return grouping.make_group(**{"group_id": uuid7(), "user": user, "plan": plan, **facts, **changes})


def joined(user: User, group: SavingsGroup, naira: int = 1_000, at: Any = AT) -> UserSavings:
    facts = {"saving_id": uuid7(), "user": user, "posting_id": posting_id(), "at": at}
    return grouping.join_group(code=group.code, amount=naira * NAIRA, **facts)


def friend(number: int) -> User:
    user = make_person(email=f"friend{number}@alajo.test", name=f"Friend {number}")
    funded(user, 10_000)
    return user


def test_each_saves_in_a_saving_of_their_own_until_the_groups_day(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    group = group_of(ada)
    hers, his = joined(ada, group, 3_000), joined(bola, group, 1_000)
    assert {hers.matures_on, his.matures_on} == {group.target_date}
    assert (hers.name, hers.user_id, his.user_id) == (group.name, ada.pk, bola.pk)
    told = grouping.together(group=group, user=bola)
    assert [(one.saved, one.percent) for one in told.members] == [(300_000, "75.0"), (100_000, "25.0")]
    assert (told.saved, told.percent) == (400_000, 4)
    assert wallet.verify() == []


def test_shares_add_up_to_all_of_it_also_where_they_do_not_divide(ada: User, bola: User) -> None:
    people = [ada, bola, make_person(email="chidi@alajo.test")]
    for user in people:
        funded(user)
    group = group_of(ada)
    for user in people:
        joined(user, group, 1_000)
    assert [one.percent for one in grouping.together(group=group, user=ada).members] == [
        "33.4",
        "33.3",
        "33.3",
    ]


def test_only_members_learn_who_saves_how_much(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    group = group_of(ada)
    with pytest.raises(refusals.GroupNotFound):
        grouping.together(group=group, user=ada)
    joined(ada, group)
    with pytest.raises(refusals.GroupNotFound):
        grouping.together(group=group, user=bola)
    seen = grouping.invitation(code=grouping.invitation(code=group.code.lower()).group.code)
    assert seen.people == 1
    with acting_as(bola), connection.cursor() as cursor:
        for table in ("savings_savingsgroup", "savings_usersavings"):
            cursor.execute(f"select count(*) from {table}")
            assert cursor.fetchone() == (0,)


def test_who_has_left_sees_nothing_any_more_and_may_come_back(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    group = group_of(ada)
    joined(ada, group), joined(bola, group)
    with acting_as(bola):
        own = grouping.own_saving(group=group, user=bola)
    quote = services.quote_closing(saving_id=own.pk, user=bola, at=AT)
    services.end_saving(quote_id=quote.pk, user=bola, at=AT)
    with pytest.raises(refusals.GroupNotFound):
        grouping.together(group=group, user=bola)
    assert [one.user_id for one in grouping.together(group=group, user=ada).members] == [ada.pk]
    assert joined(bola, group).state == "ACTIVE"


def test_what_was_paid_out_on_the_day_still_stands_among_the_shares(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    since = moment(day(40))
    group = group_of(ada, target_date=day(0), at=since)
    joined(ada, group, 3_000, at=since), joined(bola, group, 1_000, at=since)
    services.mature_due(at=AT)
    told = grouping.together(group=group, user=bola)
    assert told.saved > 400_000 and [one.share for one in told.members] == [750, 250]


def test_to_join_twice_by_two_clicks_joins_once(ada: User) -> None:
    funded(ada)
    group = group_of(ada)
    facts = {"code": group.code, "saving_id": uuid7(), "user": ada, "posting_id": posting_id(), "at": AT}
    one = grouping.join_group(amount=1_000 * NAIRA, **facts)
    assert grouping.join_group(amount=1_000 * NAIRA, **facts) == one
    with pytest.raises(refusals.AlreadyInGroup) as refusal:
        joined(ada, group)
    assert refusal.value.public_data == {"saving": str(one.pk)}


def test_whoever_made_a_group_is_told_once_who_joined(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    group = group_of(ada)
    joined(ada, group)
    facts = {"code": group.code, "saving_id": uuid7(), "user": bola, "posting_id": posting_id(), "at": AT}
    for _click in range(2):
        grouping.join_group(amount=1_000 * NAIRA, **facts)
    with acting_as_service():
        [notice] = Notification.objects.filter(event="saving.group_joined")
        assert (notice.user_id, notice.data["group_name"]) == (ada.pk, group.name)
        assert notice.data["name"] == Profile.objects.get(user=bola).display_name


def test_a_closed_group_and_a_renewed_link_let_nobody_in(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    group = group_of(ada)
    with pytest.raises(refusals.GroupNotFound):
        grouping.close_group(group_id=group.pk, user=bola, at=AT)
    grouping.close_group(group_id=group.pk, user=ada, at=AT)
    with pytest.raises(refusals.GroupClosed):
        joined(bola, group)
    renewed = grouping.renew_code(group_id=group.pk, user=ada)
    with pytest.raises(refusals.GroupNotFound):
        joined(bola, group)
    assert joined(bola, renewed).state == "ACTIVE"


def test_nobody_joins_where_the_day_is_too_near(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    group = group_of(ada, target_date=day(-30))
    joined(ada, group)
    with pytest.raises(refusals.GroupClosed):
        joined(bola, group, at=AT + DAY)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"target": 0}, "target"),
        ({"target": 10**16}, "target"),
        ({"target_date": day(0)}, "target_date"),
        ({"target_date": day(-29)}, "target_date"),
        ({"target_date": day(-366)}, "target_date"),
    ],
)
def test_what_cannot_be_made_names_the_field(ada: User, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(refusals.GroupInvalid) as refusal:
        group_of(ada, **changes)
    assert refusal.value.data["field"] == field


def test_groups_are_made_under_plans_for_groups_and_not_without_end(ada: User, monkeypatch: Any) -> None:
    with pytest.raises(refusals.PlanClosed):
        group_of(ada, plan=plan_of("TARGET"))
    plan = plan_of("GROUP", terms=TEN)
    monkeypatch.setattr(grouping, "MOST_GROUPS", 1)
    key = uuid7()
    assert group_of(ada, plan=plan, group_id=key) == group_of(ada, plan=plan, group_id=key)
    with pytest.raises(refusals.GroupIdReused):
        group_of(ada, plan=plan, group_id=key, name="Another")
    with pytest.raises(refusals.TooManyGroups):
        group_of(ada, plan=plan)


def test_links_are_not_walked_through(ada: User) -> None:
    for _try in range(30):
        grouping.count_group_lookup(user=ada, caller="10.0.0.1")
    with pytest.raises(refusals.TooManyGroupLookups):
        grouping.count_group_lookup(user=ada, caller="10.0.0.2")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_at_once_for_the_last_place_one_gets_it(monkeypatch: Any) -> None:
    monkeypatch.setattr(grouping, "MOST_PEOPLE", 1)
    people = [friend(number) for number in range(4)]
    group = group_of(people[0])

    def come(user: User) -> str:
        try:
            return joined(user, group).state
        except refusals.GroupFull:
            return "full"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        came = sorted(pool.map(come, people))
    assert came == ["ACTIVE", "full", "full", "full"]
    assert wallet.verify() == []


# Pages


def proven(user: User) -> Client:
    browser = browser_of(user)
    prove_factor(user)
    return browser


def test_from_an_empty_page_to_a_group_of_two(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    plan_of("GROUP", shortest=30, longest=365, minimum=100 * NAIRA)
    hers, his = proven(ada), proven(bola)
    assert "Nobody saves with you yet" in text(hers.get("/savings/groups/"))
    page = hers.get("/savings/groups/new/")
    asked = {"name": "Accra", "target": "100,000", "target_date": str(day(-90)), "plan": hidden(page, "plan")}
    made = hers.post("/savings/groups/new/", {**asked, "form_key": hidden(page, "form_key")}, follow=True)
    here = made.redirect_chain[-1][0]
    for browser, naira in ((hers, "4000"), (his, "1000")):
        page = browser.get(here)
        assert page.status_code == 200, page.content
        done = browser.post(here, {"amount": naira, "form_key": hidden(page, "form_key")}, follow=True)
        assert "You save in this group now" in text(done)
    seen = text(his.get(done.redirect_chain[-1][0]))
    assert "80.0%" in seen and "20.0%" in seen and "100.0%" in seen
    assert "Who may join" not in seen and "Who may join" in text(hers.get(done.redirect_chain[-1][0]))
    assert "Accra" in text(his.get("/savings/groups/"))


def test_pages_of_a_group_are_for_those_in_it(ada: User, bola: User) -> None:
    funded(ada), funded(bola)
    group = group_of(ada)
    joined(ada, group)
    his = browser_of(bola)
    assert his.get(f"/savings/groups/{group.pk}/").status_code == 404
    for what in ("close", "link"):
        assert "There is no such group" in text(his.post(f"/savings/groups/{group.pk}/{what}/", follow=True))
    missing = his.get("/savings/groups/join/0000-0000-0000-0000/")
    assert missing.status_code == 404 and "leads to no group" in text(missing)
    assert his.get("/savings/groups/join/?code=").status_code == 422
    invited = text(his.get(f"/savings/groups/join/{group.code}/"))
    assert "invites you to save together" in invited and "1,000" not in invited


def test_what_is_wrong_with_a_payment_stands_at_its_field(ada: User) -> None:
    funded(ada, 500)
    group = group_of(ada)
    here, hers = f"/savings/groups/join/{group.code}/", proven(ada)
    for naira, words in (("50", "At least ₦100"), ("9000", "You have ₦500"), ("", "This field is required")):
        page = hers.get(here)
        refused = hers.post(here, {"amount": naira, "form_key": hidden(page, "form_key")})
        assert refused.status_code == 422 and words in text(refused)
    with acting_as_service():
        assert not UserSavings.objects.exists()
    hers.post(f"/savings/groups/{group.pk}/close/")
    closed = text(hers.get(here))
    assert "You cannot join this group" in closed
