"""One saving asked to do several things at the same moment, by an app that does not wait."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.http import HttpResponse
from rest_framework.test import APIClient

from accounts.models import User
from core.actors import acting_as_service
from savings.tests.api import AT_END, post, purse, sav
from savings.tests.world import NAIRA, balance, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.tests.api import client_of

pytestmark = pytest.mark.django_db(transaction=True)
SUM = {"amount": 100 * NAIRA, "currency": "NGN"}


def at_once(api: APIClient, *asks: Callable[[APIClient], HttpResponse]) -> list[HttpResponse]:
    credentials = api._credentials  # type: ignore[attr-defined]

    def one(ask: Callable[[APIClient], HttpResponse]) -> HttpResponse:
        try:
            client = APIClient()
            client._credentials = credentials  # type: ignore[attr-defined]
            return ask(client)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(one, asks))


def test_a_saving_taken_from_and_ended_at_once_pays_each_kobo_once(ada: User) -> None:
    funded(ada)
    api = client_of(ada)
    saving = opened(ada, plan_of("FLEXIBLE", terms=AT_END), at=moment(day(0)))
    one = f"savings/{sav(saving)}"
    quote = post(api, f"{one}/closing-quotes").json()["id"]
    ends = [lambda client: post(client, f"{one}/closing-quotes/{quote}/accept") for _each in range(3)]
    takes = [lambda client: post(client, f"{one}/withdrawals", SUM) for _each in range(3)]
    answers = at_once(api, *ends, *takes)
    ended = [answer.status_code for answer in answers[:3]]
    taken = [answer.status_code for answer in answers[3:]]
    assert set(ended) <= {200, 409} and set(taken) <= {201, 409}, [answer.content for answer in answers]
    assert balance(saving) == (0 if 200 in ended else (1_000 - 100 * taken.count(201)) * NAIRA)
    assert purse(ada) + balance(saving) == 100_000 * NAIRA
    with acting_as_service():
        assert wallet.verify() == []


def test_one_request_sent_many_times_at_once_saves_once(ada: User) -> None:
    funded(ada)
    api = client_of(ada)
    saving = opened(ada, plan_of("FLEXIBLE", terms=AT_END), at=moment(day(0)))
    path = f"savings/{sav(saving)}/contributions"
    answers = at_once(api, *[lambda client: post(client, path, SUM, key="one") for _each in range(6)])
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert balance(saving) == 1_100 * NAIRA
    again = post(api, path, SUM, key="one")
    assert again.status_code == 201 and again["Idempotent-Replayed"] == "true"
    assert balance(saving) == 1_100 * NAIRA
