"""Requests about savings made from the API's own document: no fault, no undocumented answer."""

from itertools import count
from typing import Any

import pytest
import schemathesis
from schemathesis import GenerationMode

from accounts.models import User
from core.actors import acting_as_service
from core.api import ids
from core.ids import uuid7
from savings import services
from savings.services import automatic
from savings.tests.world import day, funded, moment, opened, plan_of
from wallet.tests.test_schema import CHECKS, walk

GOOD = {
    *(
        "list_savings_plans",
        "get_savings_plan",
        "project_saving",
        "list_savings",
        "get_saving",
        "open_saving",
    ),
    *("list_contributions", "create_contribution", "list_saving_withdrawals", "create_saving_withdrawal"),
    *("get_withdrawal_cost", "list_accruals", "create_closing_quote", "get_closing_quote"),
    *("list_automatic_savings", "get_automatic_saving", "list_automatic_runs", "list_savings_groups"),
}


@pytest.mark.django_db(transaction=True)
def test_right_requests_about_savings_are_answered_as_documented(ada: User, settings: Any) -> None:
    settings.API_RATE_LIMITS = {"default": "100000/minute", "money": "100000/minute"}
    funded(ada)
    plan = plan_of("FLEXIBLE")
    saving = opened(ada, plan, naira=50_000, at=moment(day(5)))
    about = {"saving_id": saving.pk, "user": ada}
    with acting_as_service():
        services.close_saving(saving_id=saving.pk, until=day(0))
    quote = services.quote_closing(at=moment(day(0)), **about)
    auto = automatic.plan_automatic(
        automatic_id=uuid7(), kind="SWEEP", amount=0, first_date=day(0), at=moment(day(0)), **about
    )
    real = {"savings-plans": ids.encode("spl", plan.pk), "savings": ids.encode("sav", saving.pk)}
    inner = {"quote": ids.encode("scq", quote.pk), "automatic": ids.encode("sau", auto.pk)}
    turn = count()

    def about_real_things(case: schemathesis.Case) -> None:
        """Three in four: the others are about what is not there."""
        kind = case.path.split("/")[3]
        if next(turn) % 4 == 0:
            return
        if kind in real and "id" in case.path_parameters:
            case.path_parameters["id"] = real[kind]
        # Once it is ended, nothing more could be asked about it.
        for name in set(inner) & set(case.path_parameters) if not case.path.endswith("/accept") else ():
            case.path_parameters[name] = inner[name]
        if isinstance(case.body, dict) and "currency" in case.body:
            case.body |= {"currency": "NGN"}
            for name in ("amount", "monthly"):
                if case.body.get(name):
                    case.body[name] = 5_000 + case.body[name] % 5_000
            if "plan" in case.body:
                case.body = {"plan": real["savings-plans"], "name": "Rent", "currency": "NGN"}

    good = walk(ada, GenerationMode.POSITIVE, CHECKS, about_real_things, under="/api/v1/savings")
    assert good >= GOOD, GOOD - good
