"""Whose savings the API shows and moves: a person's own, and of them what the credential was given for."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import apps
from accounts.tests.factories import prove_again, prove_factor, sign_in
from accounts.tests.oauth import BACK, code_of, consent, exchange
from core.actors import acting_as, acting_as_service
from core.api import ids
from core.ids import posting_id, uuid7
from savings import models, services
from savings.api.urls import urlpatterns
from savings.models import UserSavings
from savings.services import Wish, automatic, grouping
from savings.tests.api import post, sav, spl
from savings.tests.world import NAIRA, day, funded, moment, opened, plan_of
from wallet.tests.api import client_of, client_with_key, problem

pytestmark = pytest.mark.django_db
SUM = {"amount": 10_000, "currency": "NGN"}


class Everything:
    """A saving of Ada's with all that can be about one."""

    def __init__(self, ada: User) -> None:
        funded(ada)
        self.plan = plan_of("FLEXIBLE")
        self.saving = opened(ada, self.plan, at=moment(day(2)))
        about = {"saving_id": self.saving.pk, "user": ada, "at": moment(day(0))}
        with acting_as_service():
            services.close_saving(saving_id=self.saving.pk, until=day(0))
        self.quote = services.quote_closing(**about)
        self.automatic = automatic.plan_automatic(
            automatic_id=uuid7(), kind="SWEEP", amount=0, first_date=day(0), **about
        )
        self.group = grouping.make_group(
            group_id=uuid7(),
            user=ada,
            plan=plan_of("GROUP"),
            name="Aunty",
            target=NAIRA,
            target_date=day(-90),
            at=moment(day(0)),
        )

    def address(self, pattern: str) -> str:
        names = {
            "<str:quote>": ids.encode("scq", self.quote.pk),
            "<str:automatic>": ids.encode("sau", self.automatic.pk),
            "<str:id>": ids.encode("sgr", self.group.pk) if "groups" in pattern else sav(self.saving),
        }
        return re.sub("<str:[a-z]+>", lambda found: names[found[0]], pattern)


PERSONAL = [
    pattern
    for each in urlpatterns
    if "<str:id>" in (pattern := str(each.pattern)) and not pattern.startswith("savings-plans")
]


@pytest.fixture
def everything(ada: User) -> Everything:
    return Everything(ada)


def asked(client: APIClient, path: str) -> Iterator[Any]:
    """The answers of an address to each method that it offers."""
    yield client.get(f"/api/v1/{path}{'?amount=1' if path.endswith('-cost') else ''}")
    yield client.patch(f"/api/v1/{path}", {"name": "Mine", **SUM}, format="json")
    yield post(client, path, SUM)
    yield post(client, path)


@pytest.mark.parametrize("pattern", PERSONAL)
def test_anothers_is_as_unknown_as_what_never_was(everything: Everything, bola: User, pattern: str) -> None:
    funded(bola)
    theirs = client_of(bola)
    path = everything.address(pattern)
    nowhere = re.sub("(sav|sgr)_[0-9A-Za-z]{22}", lambda found: f"{found[1]}_{'0' * 22}", path)
    pairs = zip(asked(theirs, path), asked(theirs, nowhere), strict=True)
    seen = set()
    for found, unknown in pairs:
        assert found.status_code in (404, 405, 400) and found.status_code == unknown.status_code
        told, other = found.json(), unknown.json()
        assert all(told[name] == other[name] for name in ("code", "title", "detail", "errors"))
        seen.add(found.status_code)
    assert 404 in seen


def test_what_is_anothers_is_not_reached_by_way_of_ones_own(everything: Everything, bola: User) -> None:
    funded(bola)
    api, own = client_of(bola), sav(opened(bola, everything.plan, at=moment(day(1))))
    quote, auto = ids.encode("scq", everything.quote.pk), ids.encode("sau", everything.automatic.pk)
    problem(api.get(f"/api/v1/savings/{own}/closing-quotes/{quote}"), 404, "not_found")
    problem(post(api, f"savings/{own}/closing-quotes/{quote}/accept"), 404, "not_found")
    problem(post(api, f"savings/{own}/automatic/{auto}/stop"), 404, "not_found")
    problem(api.get(f"/api/v1/savings/{own}/automatic/{auto}/runs"), 404, "not_found")
    assert [each["id"] for each in api.get("/api/v1/savings").json()["data"]] == [own]
    assert api.get("/api/v1/savings-groups").json()["data"] == []


def test_the_database_shows_another_none_of_it(everything: Everything, bola: User) -> None:
    kept = [models.UserSavings, models.Move, models.Accrual, models.StateChange, models.ClosingQuote]
    kept += [models.AutoSaving, models.SavingsGroup]
    for model in kept:
        with acting_as_service():
            assert model.objects.exists()
        with acting_as(bola):
            assert not model.objects.exists(), model


def test_an_organisations_key_sees_plans_and_saves_nothing(everything: Everything) -> None:
    key = client_with_key("savings:read", "savings:write")
    [_flexible, _group] = key.get("/api/v1/savings-plans").json()["data"]
    path = f"savings-plans/{spl(everything.plan)}"
    assert key.get(f"/api/v1/{path}").status_code == 200
    assert post(key, f"{path}/projection", SUM).status_code == 200
    wish = {"plan": spl(everything.plan), "name": "Rent", "currency": "NGN"}
    problem(key.get("/api/v1/savings"), 403, "person_needed")
    problem(post(key, "savings", wish), 403, "person_needed")
    problem(key.get("/api/v1/savings-groups"), 403, "person_needed")
    for pattern in PERSONAL:
        refused = {answer.status_code for answer in asked(key, everything.address(pattern))}
        assert refused <= {403, 405}


def test_a_missing_scope_is_named(everything: Everything) -> None:
    reads = client_with_key("savings:read")
    writes = client_with_key("savings:write")
    for answer in (post(reads, "savings", {}), post(reads, f"savings/{sav(everything.saving)}/pause")):
        assert problem(answer, 403, "scope_missing")["data"] == {"scope": "savings:write"}
    for path in ("savings-plans", "savings", "savings-groups"):
        assert problem(writes.get(f"/api/v1/{path}"), 403, "scope_missing")["data"] == {
            "scope": "savings:read"
        }


def test_a_customers_app_does_what_it_was_let(everything: Everything, ada: User, client: Client) -> None:
    app = apps.register(
        name="Saver", redirect_uris=[BACK], scopes=["openid", "savings:read", "savings:write"], public=False
    )
    sign_in(client, ada)

    def given(*scopes: str) -> APIClient:
        answer = consent(client, app, ["openid", *scopes], scope=" ".join(["openid", *scopes]))
        told = exchange(app, code_of(answer)).json()
        api = APIClient()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {told['access_token']}")
        return api

    reader = given("savings:read")
    one = f"savings/{sav(everything.saving)}"
    assert reader.get(f"/api/v1/{one}").json()["name"] == "Rent"
    problem(post(reader, f"{one}/contributions", SUM), 403, "scope_missing")
    prove_factor(ada)
    prove_again(client)
    saver = given("savings:write")
    assert post(saver, f"{one}/contributions", SUM).status_code == 201
    assert post(saver, f"{one}/withdrawals", SUM).status_code == 201


def test_lists_ask_no_more_for_many_than_for_few(ada: User) -> None:
    funded(ada)
    api = client_of(ada)

    def counted() -> list[int]:
        numbers = []
        for path in ("savings-plans", "savings", f"savings/{sav(first)}/withdrawals"):
            with CaptureQueriesContext(connection) as queries:
                assert api.get(f"/api/v1/{path}").status_code == 200
            numbers.append(len(queries))
        return numbers

    def save(number: int) -> UserSavings:
        wish = Wish(name="Rent", target=1_000_000, target_date=day(-100))
        return opened(ada, plan_of("TARGET", code=f"target-{number}"), at=moment(day(1)), wish=wish)

    first = save(0)
    facts = {"saving_id": first.pk, "user": ada, "amount": NAIRA, "at": moment(day(0))}
    services.withdraw(posting_id=posting_id(), **facts)
    _warm, few = counted(), counted()
    for number in range(1, 6):
        save(number)
        services.withdraw(posting_id=posting_id(), **facts)
    assert counted() == few
