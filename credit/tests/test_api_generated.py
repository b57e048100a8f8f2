"""Requests about loans made from the API's own document: no fault, no undocumented answer."""

from itertools import count
from typing import Any

import pytest
import schemathesis
from schemathesis import GenerationMode

from accounts.models import User
from core.api import ids
from credit.tests.test_api_access import Everything
from wallet.tests.test_schema import CHECKS, walk

GOOD = {
    *("list_loan_products", "get_loan_product", "calculate_loan", "list_loan_applications"),
    *("create_loan_application", "get_loan_application", "list_loan_consents", "withdraw_loan_consent"),
    *("list_loan_offers", "list_loans", "get_loan", "get_loan_schedule", "list_loan_schedule_versions"),
    *("list_loan_transactions", "preview_loan_repayment", "create_loan_repayment", "get_payoff_quote"),
    *("create_payoff_quote", "list_hardship_requests", "prove_loan", "download_loan_statement"),
}


@pytest.mark.django_db(transaction=True)
def test_right_requests_about_loans_are_answered_as_documented(ada: User, settings: Any) -> None:
    settings.API_RATE_LIMITS = {"default": "100000/minute", "money": "100000/minute"}
    made = Everything(ada)
    product = ids.encode("cpd", made.terms.product_id)
    real = {"loan-products": product, "loan-applications": ids.encode("cap", made.asked.pk)}
    real["loans"] = ids.encode("cln", made.loan.pk)
    inner = {"quote": ids.encode("cpq", made.quote.pk), "hardship": ids.encode("chs", made.help.pk)}
    inner |= {"question": ids.encode("cqn", made.question.pk), "report": ids.encode("crp", made.report.pk)}
    turn = count()

    def about_real_things(case: schemathesis.Case) -> None:
        """Three in four: the others are about what is not there."""
        kind = case.path.split("/")[3]
        if next(turn) % 4 == 0:
            return
        if kind in real and "id" in case.path_parameters:
            case.path_parameters["id"] = real[kind]
        # Once it is paid off, nothing more could be asked about it.
        for name in set(inner) & set(case.path_parameters) if not case.path.endswith("/pay") else ():
            case.path_parameters[name] = inner[name]
        if isinstance(case.body, dict) and "currency" in case.body:
            case.body |= {"currency": "NGN"}
            if kind == "loan-calculations":
                case.body = {"product": product, "amount": 10_000_000, "currency": "NGN", "count": 12}
            elif case.body.get("amount"):
                case.body["amount"] = 5_000 + case.body["amount"] % 5_000

    good = walk(ada, GenerationMode.POSITIVE, CHECKS, about_real_things, under="/api/v1/loan")
    assert good >= GOOD, GOOD - good
