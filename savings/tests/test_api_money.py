"""Money into and out of savings over the API, the interest of their days, and ending them as quoted."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, User
from core.actors import acting_as_service
from core.api import ids
from core.ids import posting_id
from realtime.models import Message
from savings import services
from savings.interest import Every, Terms
from savings.models import ClosingQuote
from savings.services import Wish
from savings.tests.api import AT_END, post, purse, sav
from savings.tests.world import NAIRA, TEN, balance, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.tests.api import client_of, problem

pytestmark = pytest.mark.django_db
SUM = {"amount": 500 * NAIRA, "currency": "NGN"}


@pytest.fixture
def api(ada: User) -> APIClient:
    funded(ada)
    return client_of(ada)


def test_saving_more_is_done_once_for_a_key_and_listed(api: APIClient, ada: User) -> None:
    saving = opened(ada, plan_of("FLEXIBLE", terms=AT_END), at=moment(day(2)))
    path = f"savings/{sav(saving)}/contributions"
    first, second = (post(api, path, SUM, key="k") for _again in range(2))
    assert first.status_code == 201 and first.content == second.content, first.content
    made = first.json()
    assert (made["amount"], made["value_date"], made["kind"]) == (50_000, str(day(0)), "CONTRIBUTION")
    assert balance(saving) == 1_500 * NAIRA and purse(ada) == 98_500 * NAIRA
    listed = api.get(f"/api/v1/{path}?limit=1").json()
    assert [each["id"] for each in listed["data"]] == [made["id"]] and listed["has_more"]
    older = api.get(f"/api/v1/{path}?starting_after={made['id']}").json()["data"]
    assert [each["amount"] for each in older] == [100_000]
    moved = api.get(f"/api/v1/transactions/{made['transaction']}").json()
    assert (moved["kind"], moved["amount"]) == ("SAVING", 50_000)


def test_the_apps_of_a_saver_hear_of_it_by_the_ids_of_the_api(api: APIClient, ada: User) -> None:
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(1)))
    made = post(api, f"savings/{sav(saving)}/contributions", SUM).json()
    with acting_as_service():
        heard = Message.objects.filter(topic=f"user:{ada.pk}", event__startswith="savings.").order_by("id")
        told = [(message.event, message.payload) for message in heard]
    assert [event for event, _facts in told] == [
        "savings.activate",
        "savings.contribution",
        "savings.contribution",
    ]
    assert told[0][1] == {"saving": sav(saving), "name": "Rent", "state": "ACTIVE"}
    assert told[2][1] == {
        "saving": sav(saving),
        "movement": made["id"],
        "amount": 50_000,
        "value_date": str(day(0)),
    }


def test_taking_out_costs_what_was_said(api: APIClient, ada: User) -> None:
    plan = plan_of("FLEXIBLE", free_withdrawals=1, withdrawal_fee=Decimal("2.5"))
    one = f"savings/{sav(opened(ada, plan, at=moment(day(1))))}"
    cost = api.get(f"/api/v1/{one}/withdrawal-cost?amount=10000").json()
    assert (cost["fee"], cost["total"], cost["free_left"]) == (0, 10_000, 1)
    order = {"amount": 10_000, "currency": "NGN", "expected_fee": 0}
    assert post(api, f"{one}/withdrawals", order).json()["fee"] == 0
    refused = problem(post(api, f"{one}/withdrawals", order), 409, "saving_cost_changed")
    assert refused["data"] == {"expected": 0, "fee": 250}
    assert api.get(f"/api/v1/{one}/withdrawal-cost?amount=10000").json()["total"] == 10_250
    taken = post(api, f"{one}/withdrawals", {**order, "expected_fee": 250}, key="k")
    assert taken.status_code == 201 and (taken.json()["amount"], taken.json()["fee"]) == (10_000, 250)
    assert post(api, f"{one}/withdrawals", {**order, "expected_fee": 250}, key="k").content == taken.content
    listed = api.get(f"/api/v1/{one}/withdrawals").json()["data"]
    assert [(each["amount"], each["fee"]) for each in listed] == [(10_000, 250), (10_000, 0)]
    assert purse(ada) == 99_200 * NAIRA


@pytest.mark.parametrize(
    ("kind", "changes", "status", "code"),
    [
        ("FIXED", {}, 409, "saving_locked"),
        ("FLEXIBLE", {"amount": 2_000 * NAIRA}, 422, "saving_not_enough"),
        ("FLEXIBLE", {"currency": "USD"}, 422, "currency_mismatch"),
        ("FLEXIBLE", {"amount": 0}, 400, "invalid"),
        ("FLEXIBLE", {"amount": 10**19}, 400, "invalid"),
    ],
)
def test_what_cannot_be_taken_out_stays(
    api: APIClient, ada: User, kind: str, changes: dict[str, object], status: int, code: str
) -> None:
    saving = opened(ada, plan_of(kind), at=moment(day(1)), wish=Wish(name="Rent", days=90))
    problem(post(api, f"savings/{sav(saving)}/withdrawals", {**SUM, **changes}), status, code)
    assert balance(saving) == 1_000 * NAIRA


def test_days_add_up_to_what_was_paid_page_by_page(api: APIClient, ada: User) -> None:
    terms = Terms(bands=TEN.bands, paid=Every.DAY, tax=Decimal(10))
    saving = opened(ada, plan_of("FLEXIBLE", terms=terms), naira=77_777, at=moment(day(40)))
    path = f"/api/v1/savings/{sav(saving)}/accruals"
    assert api.get(path).json() == {"object": "list", "data": [], "has_more": False}
    with acting_as_service():
        services.close_saving(saving_id=saving.pk, until=day(0))
    seen, after = [], ""
    while True:
        page = api.get(f"{path}?limit=17{after}").json()
        seen += page["data"]
        if not page["has_more"]:
            break
        after = f"&starting_after={seen[-1]['day']}"
    assert [each["day"] for each in seen] == [str(day(back)) for back in range(1, 41)]
    paid, tax = sum(each["paid"] for each in seen), sum(each["tax"] for each in seen)
    assert sum(Decimal(each["accrued"]) for each in seen) == paid + Decimal(seen[0]["carry"])
    assert paid > 0 and balance(saving) == 77_777 * NAIRA + paid - tax
    newer = api.get(f"{path}?limit=3&ending_before={day(30)}").json()
    assert [each["day"] for each in newer["data"]] == [str(day(back)) for back in (27, 28, 29)]
    moved = api.get(f"/api/v1/transactions/{seen[0]['transaction']}").json()
    assert (moved["kind"], moved["amount"]) == ("INTEREST", seen[0]["paid"])
    problem(api.get(f"{path}?starting_after=yesterday"), 400, "invalid")


def test_what_is_put_right_is_listed_and_the_days_add_up_again(api: APIClient, ada: User) -> None:
    saving = opened(ada, plan_of("FLEXIBLE", terms=AT_END), at=moment(day(20)))
    path = f"/api/v1/savings/{sav(saving)}"
    replay = services.enter_backdated(
        saving_id=saving.pk,
        amount=-400 * NAIRA,
        value_date=day(10),
        reason="paid in twice",
        posting_id=posting_id(),
        at=moment(day(0)),
    )
    [listed] = api.get(f"{path}/corrections").json()["data"]
    assert (listed["id"], listed["since"]) == (ids.encode("scr", replay.pk), str(day(10)))
    [taken] = api.get(f"{path}/withdrawals").json()["data"]
    assert (taken["id"], taken["kind"], taken["amount"]) == (listed["movement"], "REVERSAL", 40_000)
    days = api.get(f"{path}/accruals").json()["data"]
    assert [each["balance"] for each in days] == [60_000] * 10 + [100_000] * 10
    assert sum(Decimal(each["accrued"]) for each in days) == Decimal(days[0]["carry"])


def test_a_saving_is_ended_as_it_was_quoted(api: APIClient, ada: User) -> None:
    plan = plan_of("FIXED", penalty="LOWER_RATE", penalty_percent=Decimal(5))
    saving = opened(ada, plan, naira=50_000, at=moment(day(30)), wish=Wish(name="Land", days=90))
    one = f"savings/{sav(saving)}"
    asked = post(api, f"{one}/closing-quotes")
    quote = asked.json()
    assert asked.status_code == 201 and quote["is_early"] and quote["accepted_at"] is None
    parts = quote["balance"] + quote["interest"] - quote["tax"] - quote["taken_back"] + quote["tax_back"]
    assert quote["pays_out"] == parts - quote["penalty"]
    before = purse(ada)
    path = f"{one}/closing-quotes/{quote['id']}"
    ended = post(api, f"{path}/accept", key="k")
    assert ended.status_code == 200 and ended.json()["accepted_at"], ended.content
    assert purse(ada) - before == quote["pays_out"] and balance(saving) == 0
    assert post(api, f"{path}/accept", key="k").content == ended.content
    assert post(api, f"{path}/accept").json() == api.get(f"/api/v1/{path}").json() == ended.json()
    assert purse(ada) - before == quote["pays_out"]
    shown = api.get(f"/api/v1/{one}").json()
    assert (shown["state"], shown["balance"], shown["is_looked_into"]) == ("CLOSED", 0, False)
    days = api.get(f"/api/v1/{one}/accruals?limit=100").json()["data"]
    assert [each["day"] for each in days] == [str(day(back)) for back in range(1, 31)]
    problem(post(api, f"{one}/closing-quotes"), 409, "saving_state_refused")
    with acting_as_service():
        assert wallet.verify() == []


def test_a_quote_holds_while_nothing_changes(api: APIClient, ada: User) -> None:
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(3)))
    one = f"savings/{sav(saving)}"
    first, second = (post(api, f"{one}/closing-quotes").json()["id"] for _each in range(2))
    post(api, f"{one}/contributions", SUM)
    problem(post(api, f"{one}/closing-quotes/{first}/accept"), 409, "closing_quote_over")
    old = services.quote_closing(saving_id=saving.pk, user=ada, at=timezone.now() - timedelta(hours=1))
    late = ids.encode("scq", old.pk)
    problem(post(api, f"{one}/closing-quotes/{late}/accept"), 409, "closing_quote_over")
    with acting_as_service():
        assert not ClosingQuote.objects.exclude(used_at=None).exists()
    assert api.get(f"/api/v1/{one}/closing-quotes/{second}").json()["accepted_at"] is None


def test_only_a_fresh_proof_lets_money_out(api: APIClient, ada: User) -> None:
    one = f"savings/{sav(opened(ada, plan_of('FLEXIBLE'), at=moment(day(1))))}"
    quote = post(api, f"{one}/closing-quotes").json()["id"]
    with acting_as_service():
        Session.objects.update(methods=[])
    problem(post(api, f"{one}/withdrawals", SUM), 403, "step_up_required")
    problem(post(api, f"{one}/closing-quotes/{quote}/accept"), 403, "step_up_required")
    assert api.get(f"/api/v1/{one}/withdrawals").status_code == 200
    assert post(api, f"{one}/contributions", SUM).status_code == 201
