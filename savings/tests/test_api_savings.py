"""Savings over the API: plans and what they come to, opening, paying in, taking out, ending as quoted."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from core.actors import acting_as_service
from savings.interest import Band, Every, Terms
from savings.models import SavingsPlan
from savings.services import Wish as Wanted
from savings.tests.api import post, purse, sav, spl
from savings.tests.saving import set_terms
from savings.tests.world import DAY, NAIRA, TEN, day, funded, moment, opened, plan_of
from wallet.tests.api import client_of, problem

pytestmark = pytest.mark.django_db
Wish = dict[str, Any]


@pytest.fixture
def api(ada: User) -> APIClient:
    funded(ada)
    return client_of(ada)


# Plans


def test_plans_tell_what_they_pay_ask_and_will_pay(api: APIClient) -> None:
    plan = plan_of("FIXED", shortest=10, longest=100, penalty="LOWER_RATE", penalty_percent=Decimal(5))
    with acting_as_service():
        set_terms(plan, Terms(bands=(Band(0, Decimal(8)),)), since=day(0) + 30 * DAY)
        SavingsPlan.objects.create(code="old", kind="FLEXIBLE", currency_id="NGN", name="Old", is_open=False)
    [shown] = api.get("/api/v1/savings-plans").json()["data"]
    terms = shown["terms"]
    assert (shown["id"], shown["kind"], terms["shortest"], terms["penalty"]) == (
        spl(plan),
        "FIXED",
        10,
        "LOWER_RATE",
    )
    assert terms["rates"] == [
        {
            "days_from": 0,
            "days_below": None,
            "amount_from": 0,
            "amount_below": None,
            "rate": "10.0000",
            "apy": "10.50",
        }
    ]
    assert shown["next_terms"]["from_date"] == str(day(0) + 30 * DAY)
    assert shown["next_terms"]["rates"][0]["rate"] == "8.0000"
    assert api.get(f"/api/v1/savings-plans/{spl(plan)}").json() == shown


def test_a_projection_is_what_the_days_then_bring(api: APIClient, ada: User) -> None:
    plan = plan_of("FIXED", terms=Terms(bands=TEN.bands, paid=Every.END, tax=Decimal(10)))
    asked = {"amount": 100_000, "currency": "NGN", "days": 73}
    told = post(api, f"savings-plans/{spl(plan)}/projection", asked).json()
    assert (told["saved"], told["interest"], told["tax"], told["comes_to"]) == (100_000, 2_000, 200, 101_800)
    assert told["ends_on"] == str(day(0) + 73 * DAY)
    assert sum(month["interest"] for month in told["months"]) == 2_000
    assert told["months"][-1]["balance"] == 101_800
    assert told["half_way"]["costs"] == 0


@pytest.mark.parametrize(
    ("kind", "changes", "status", "code"),
    [
        ("FIXED", {"days": 9}, 422, "saving_invalid"),
        ("FIXED", {"monthly": 5}, 409, "saving_takes_money_once"),
        ("FLEXIBLE", {"amount": 99}, 422, "saving_too_little"),
        ("FLEXIBLE", {"currency": "USD"}, 422, "currency_mismatch"),
        ("FLEXIBLE", {"days": 3_661}, 400, "invalid"),
        ("FLEXIBLE", {"rate": 100}, 400, "invalid"),
    ],
)
def test_what_cannot_be_projected_is_named(
    api: APIClient, kind: str, changes: Wish, status: int, code: str
) -> None:
    plan = plan_of(kind, shortest=10, longest=100, minimum=1_000)
    asked = {"amount": 10_000, "currency": "NGN", "days": 30, **changes}
    problem(post(api, f"savings-plans/{spl(plan)}/projection", asked), status, code)


# Opening and saying what becomes of it


def test_opening_is_done_once_for_a_key(api: APIClient, ada: User) -> None:
    plan = plan_of("TARGET")
    wish = {"plan": spl(plan), "name": "Rent", "currency": "NGN", "amount": 250_000, "target": 1_000_000}
    wish["target_date"] = str(day(0) + 200 * DAY)
    first, second = (post(api, "savings", wish, key="k") for _again in range(2))
    assert first.status_code == 201 and first.content == second.content, first.content
    made = first.json()
    assert (made["state"], made["balance"], made["progress"]["percent"]) == ("ACTIVE", 250_000, 25)
    assert (made["opened_on"], made["matures_on"]) == (str(day(0)), wish["target_date"])
    assert purse(ada) == 100_000 * NAIRA - 250_000
    assert api.get(f"/api/v1/savings/{made['id']}").json() == made
    assert [each["id"] for each in api.get("/api/v1/savings?state=ACTIVE").json()["data"]] == [made["id"]]
    assert api.get(f"/api/v1/savings?plan={spl(plan_of('FLEXIBLE'))}").json()["data"] == []
    problem(post(api, "savings", {**wish, "name": "Car"}, key="k"), 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("kind", "changes", "status", "code"),
    [
        ("FLEXIBLE", {"currency": "USD"}, 422, "currency_mismatch"),
        ("FLEXIBLE", {"amount": 100_000_01 * NAIRA}, 422, "insufficient_funds"),
        ("FLEXIBLE", {"name": ""}, 400, "invalid"),
        ("FLEXIBLE", {"at_maturity": "ROLL_ALL"}, 422, "saving_invalid"),
        ("FLEXIBLE", {"plan": "spl_0000000000000000000000"}, 404, "not_found"),
        ("FLEXIBLE", {"terms": "spt_0000000000000000000000"}, 409, "savings_terms_changed"),
        ("FLEXIBLE", {"is_open": True}, 400, "invalid"),
        ("FIXED", {}, 422, "saving_invalid"),
        ("GROUP", {"target_date": "2099-01-01"}, 422, "saving_invalid"),
    ],
)
def test_what_cannot_be_opened_leaves_nothing(
    api: APIClient, ada: User, kind: str, changes: Wish, status: int, code: str
) -> None:
    wish = {"plan": spl(plan_of(kind)), "name": "Rent", "currency": "NGN", "amount": 100_000, **changes}
    problem(post(api, "savings", wish), status, code)
    assert api.get("/api/v1/savings").json()["data"] == [] and purse(ada) == 100_000 * NAIRA


def test_a_draft_is_begun_or_given_up(api: APIClient) -> None:
    wish = {"plan": spl(plan_of("FLEXIBLE")), "name": "Rent", "currency": "NGN"}
    one, two = (post(api, "savings", wish).json() for _each in range(2))
    assert (one["state"], one["opened_on"], one["progress"]) == ("DRAFT", None, None)
    assert api.get(f"/api/v1/savings/{one['id']}/accruals").json()["data"] == []
    post(api, f"savings/{one['id']}/contributions", {"amount": 5_000, "currency": "NGN"})
    assert api.get(f"/api/v1/savings/{one['id']}").json()["state"] == "ACTIVE"
    problem(post(api, f"savings/{one['id']}/cancel"), 409, "saving_state_refused")
    assert post(api, f"savings/{two['id']}/cancel").json()["state"] == "CANCELLED"


def test_a_change_is_done_whole_or_not_at_all(api: APIClient, ada: User) -> None:
    saving = opened(ada, plan_of("TARGET"), at=moment(day(1)), wish=target(100))
    one = f"/api/v1/savings/{sav(saving)}"
    later = str(day(0) + 150 * DAY)
    changed = api.patch(one, {"name": "Yaba", "matures_on": later}, format="json").json()
    assert (changed["name"], changed["matures_on"], changed["target_date"]) == ("Yaba", later, later)
    earlier = {"name": "Lekki", "matures_on": str(day(0) + DAY)}
    problem(api.patch(one, earlier, format="json"), 422, "saving_invalid")
    problem(
        api.patch(one, {"name": "Lekki", "at_maturity": "ROLL_ALL"}, format="json"), 422, "saving_invalid"
    )
    problem(api.patch(one, {"state": "CLOSED"}, format="json"), 400, "invalid")
    assert api.get(one).json()["name"] == "Yaba"


def test_pausing_and_resuming(api: APIClient, ada: User) -> None:
    one = f"savings/{sav(opened(ada, plan_of('FLEXIBLE'), at=moment(day(1))))}"
    assert post(api, f"{one}/pause", {"reason": "Between jobs"}).json()["state"] == "PAUSED"
    problem(post(api, f"{one}/pause"), 409, "saving_state_refused")
    assert post(api, f"{one}/resume").json()["state"] == "ACTIVE"


def target(days: int) -> Wanted:
    return Wanted(name="Rent", target=1_000_000, target_date=day(0) + days * DAY)
