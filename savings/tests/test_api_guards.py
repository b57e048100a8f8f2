"""What is saved is nobody's purse: it moves as its plan says, and by no address of the wallet."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from core.api import ids
from savings.models import UserSavings
from savings.tests.world import NAIRA, balance, day, funded, moment, opened, plan_of
from wallet.tests.api import client_of, problem

pytestmark = pytest.mark.django_db
SUM = {"amount": 10_000, "currency": "NGN"}
BANK = "ban_0000000000000000000001"


@pytest.fixture
def saving(ada: User, bola: User) -> UserSavings:
    funded(ada), funded(bola)
    return opened(ada, plan_of("FLEXIBLE"), at=moment(day(1)))


@pytest.mark.parametrize(
    ("path", "account", "facts"),
    [
        ("transfers", "source", {"recipient": "bola@alajo.test"}),
        ("withdrawals", "account", {"bank_account": BANK}),
        ("deposits", "account", {}),
        (
            "scheduled-transfers",
            "source",
            {
                "recipient": "bola@alajo.test",
                "rhythm": "DAILY",
                "first_date": str(day(0) + timedelta(days=1)),
            },
        ),
    ],
)
def test_no_money_of_the_wallet_goes_by_a_savings_account(
    saving: UserSavings, ada: User, path: str, account: str, facts: dict[str, Any]
) -> None:
    order = {account: ids.encode("acc", saving.account_id), **SUM, **facts}
    answer = client_of(ada).post(
        f"/api/v1/{path}", order, format="json", headers={"Idempotency-Key": "around the plan"}
    )
    problem(answer, 403, "account_saves")
    assert balance(saving) == 1_000 * NAIRA
