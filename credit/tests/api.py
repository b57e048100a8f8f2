"""Calling the API about loans, as a borrower."""

import itertools
from typing import Any

from rest_framework.test import APIClient

from core.api import ids
from credit.models import Application, Bid, Loan

_keys = itertools.count(1)


def post(client: APIClient, path: str, body: Any = None, key: str = "") -> Any:
    headers = {"Idempotency-Key": key or f"loan {next(_keys)}"}
    return client.post(f"/api/v1/{path}", {} if body is None else body, format="json", headers=headers)


def get(client: APIClient, path: str) -> Any:
    """What an address answers, which answers well."""
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def cap(application: Application) -> str:
    return ids.encode("cap", application.pk)


def cbd(bid: Bid) -> str:
    return ids.encode("cbd", bid.pk)


def cln(loan: Loan) -> str:
    return ids.encode("cln", loan.pk)
