"""Saving automatically and saving together over the API."""

from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from core.actors import acting_as_service
from core.api import ids
from core.ids import posting_id, uuid7
from savings.models import AutoRun
from savings.services import Wish, automatic, grouping
from savings.tests.api import AT_END, post, sav
from savings.tests.world import DAY, NAIRA, day, funded, moment, opened, plan_of
from wallet.tests.api import client_of, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(ada: User) -> APIClient:
    funded(ada)
    return client_of(ada)


def order(**changes: Any) -> dict[str, Any]:
    facts = {"kind": "RHYTHM", "rhythm": "WEEKLY", "amount": 5_000, "currency": "NGN"}
    return {**facts, "first_date": str(day(0) + DAY), **changes}


def test_it_is_set_up_once_changed_paused_resumed_skipped_and_stopped(api: APIClient, ada: User) -> None:
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(1)))
    path = f"savings/{sav(saving)}/automatic"
    first, second = (post(api, path, order(), key="k") for _again in range(2))
    assert first.status_code == 201 and first.content == second.content, first.content
    made = first.json()
    assert (made["state"], made["next_date"], made["saving"]) == ("ACTIVE", str(day(0) + DAY), sav(saving))
    problem(post(api, path, order()), 409, "automatic_saving_goes_on")
    one = f"{path}/{made['id']}"
    changed = api.patch(f"/api/v1/{one}", {"amount": 7_000, "currency": "NGN"}, format="json").json()
    assert changed["amount"] == 7_000
    assert post(api, f"{one}/pause", {"reason": "Between jobs"}).json()["reason"] == "Between jobs"
    problem(post(api, f"{one}/skip"), 409, "nothing_to_skip")
    assert post(api, f"{one}/resume").json()["state"] == "ACTIVE"
    assert post(api, f"{one}/skip", {"reason": "Christmas"}).json()["next_date"] == str(day(0) + 8 * DAY)
    [run] = api.get(f"/api/v1/{one}/runs").json()["data"]
    assert (run["state"], run["reason"], run["contribution"]) == ("SKIPPED", "Christmas", None)
    assert post(api, f"{one}/stop").json()["state"] == "ENDED"
    problem(post(api, f"{one}/resume"), 409, "automatic_saving_over")
    assert [each["id"] for each in api.get(f"/api/v1/{path}").json()["data"]] == [made["id"]]


def test_a_day_that_saved_names_its_contribution(api: APIClient, ada: User) -> None:
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(3)))
    facts = {"kind": "RHYTHM", "rhythm": "WEEKLY", "amount": 5_000, "first_date": day(2)}
    row = automatic.plan_automatic(
        automatic_id=uuid7(), saving_id=saving.pk, user=ada, at=moment(day(2)), **facts
    )
    automatic.make_due_runs(at=moment(day(2)))
    with acting_as_service():
        run_id = AutoRun.objects.get().pk
    automatic.run_automatic(run_id=run_id, at=moment(day(2)))
    path = f"/api/v1/savings/{sav(saving)}"
    [run] = api.get(f"{path}/automatic/{ids.encode('sau', row.pk)}/runs").json()["data"]
    saved = api.get(f"{path}/contributions").json()["data"][0]
    assert (run["state"], run["contribution"], saved["amount"]) == ("SAVED", saved["id"], 5_000)


@pytest.mark.parametrize(
    ("kind", "changes", "status", "code"),
    [
        ("FIXED", {}, 409, "saving_takes_money_once"),
        ("FLEXIBLE", {"amount": 0}, 422, "automatic_saving_invalid"),
        ("FLEXIBLE", {"first_date": "2020-01-01"}, 422, "automatic_saving_invalid"),
        ("FLEXIBLE", {"follows_target": True}, 422, "automatic_saving_invalid"),
        ("FLEXIBLE", {"kind": "ROUND_UP"}, 422, "automatic_saving_invalid"),
        ("FLEXIBLE", {"currency": "USD"}, 422, "currency_mismatch"),
        ("FLEXIBLE", {"rhythm": "HOURLY"}, 400, "invalid"),
        ("FLEXIBLE", {"next_date": "2099-01-01"}, 400, "invalid"),
    ],
)
def test_what_makes_no_sense_is_named(
    api: APIClient, ada: User, kind: str, changes: dict[str, Any], status: int, code: str
) -> None:
    saving = opened(ada, plan_of(kind), at=moment(day(1)), wish=Wish(name="Rent", days=90))
    problem(post(api, f"savings/{sav(saving)}/automatic", order(**changes)), status, code)


def test_an_amount_that_follows_the_target_is_worked_out(api: APIClient, ada: User) -> None:
    wish = Wish(name="Rent", target=2_000 * NAIRA, target_date=day(0) + 29 * DAY)
    saving = opened(ada, plan_of("TARGET", terms=AT_END), at=moment(day(1)), wish=wish)
    made = post(api, f"savings/{sav(saving)}/automatic", order(follows_target=True)).json()
    assert made["follows_target"] and made["amount"] == 1_000 * NAIRA / 4


def test_a_group_shows_its_shares_to_its_members_alone(api: APIClient, ada: User, bola: User) -> None:
    funded(bola)
    plan = plan_of("GROUP")
    ends: date = day(0) + 90 * DAY
    group = grouping.make_group(
        group_id=uuid7(),
        user=ada,
        plan=plan,
        name="Aunty",
        target=4_000 * NAIRA,
        target_date=ends,
        at=moment(day(1)),
    )
    path = f"/api/v1/savings-groups/{ids.encode('sgr', group.pk)}"
    about = api.get(path).json()
    assert about["is_organised_by_you"] and about["members"] is about["saved"] is None
    for user, naira in ((ada, 300), (bola, 700)):
        grouping.join_group(
            code=group.code,
            saving_id=uuid7(),
            user=user,
            amount=naira * NAIRA,
            posting_id=posting_id(),
            at=moment(day(1)),
        )
    about = api.get(path).json()
    assert (about["saved"], about["percent"]) == (100_000, 25)
    assert [(each["saved"], each["share"], each["is_organiser"]) for each in about["members"]] == [
        (70_000, 700, False),
        (30_000, 300, True),
    ]
    [listed] = client_of(bola).get("/api/v1/savings-groups").json()["data"]
    assert (listed["id"], listed["is_organised_by_you"]) == (about["id"], False)
    assert group.code not in str(about) and group.code not in str(listed)
    assert api.get("/api/v1/savings").json()["data"][0]["group"] == about["id"]
