"""What the API's documentation shows of looking for a loan, applying and agreeing."""

from typing import Any

_AT = "2026-01-31T08:30:00Z"
_LENDER_ID = "cpr_01bXeVFsjJrkCWVZkY9mJE"
_PRODUCT = "cpd_01bXeVFsjJrkCWVZkY9mJE"
_APPLICATION = "cap_01bXeVJ2pTfyGNuObTnVLg"
_OFFER = "cbd_01bXeVKNyARWzt9Zc36oSi"
_CONTRACT = "cct_01bXeVKNyARWzt9Zc36oSi"
_HASH = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

LENDER = {
    "id": _LENDER_ID,
    "name": "Harvest Credit",
    "licence_number": "FCCPC/DL/2026/014",
    "complaints_email": "help@harvest.example",
    "complaints_phone": "",
}
LATE = {"percent": "1.0000", "most": 500000, "cap": "10.0000", "days_free": 3}
RULES: dict[str, Any] = {
    "method": "LEVEL",
    "rhythm": "MONTHLY",
    "every": 1,
    "day_count": "MONTH/12-EU",
    "balloon_percent": None,
    "growth_percent": None,
    "growth_every": None,
    "weights": None,
    "grace": {"no_principal": 0, "interest_later": 0, "interest_free": 0, "capitalised": False},
    "rounding": {"multiple": 1, "to": "NEAREST", "interest": "EVEN", "smoothed": False},
    "paying": {
        "order": ["INTEREST", "PRINCIPAL", "FEE", "PENALTY"],
        "row_by_row": True,
        "accrued_first": True,
        "counts": "DAY",
        "effect": "SMALLER",
    },
    "capitalise_unpaid": False,
    "arrears_earn": False,
    "payout": {"parts": 1, "least_percent": "10.0000", "days": 90},
}
_COST = {
    "rate": "24.0000",
    "apr": "34.77",
    "received": 9900000,
    "fees": 100000,
    "interest": 402640,
    "total_payable": 10402640,
    "instalment": 3467547,
}
_ROWS: list[dict[str, Any]] = [
    {
        "number": 1,
        "due_date": "2026-02-28",
        "interest": 200000,
        "principal": 3267547,
        "payment": 3467547,
        "left": 6732453,
    },
    {
        "number": 2,
        "due_date": "2026-03-31",
        "interest": 134649,
        "principal": 3332898,
        "payment": 3467547,
        "left": 3399555,
    },
    {
        "number": 3,
        "due_date": "2026-04-30",
        "interest": 67991,
        "principal": 3399555,
        "payment": 3467546,
        "left": 0,
    },
]
PRODUCT = {
    "id": _PRODUCT,
    "object": "loan_product",
    "lender": LENDER,
    "name": "Steady",
    "summary": "The same instalment each month.",
    "currency": "NGN",
    "terms": {
        "from_date": "2026-01-01",
        "least_amount": 1000000,
        "most_amount": 500000000,
        "fewest_instalments": 1,
        "most_instalments": 60,
        "lowest_rate": "12.0000",
        "highest_rate": "24.0000",
        "fee_percent": "1.0000",
        "fee_fixed": 0,
        "method": "LEVEL",
        "rhythm": "MONTHLY",
        "every": 1,
        "rules": RULES,
        "late_charge": LATE,
        "cooling_off_days": 3,
        "conditions": [],
    },
    "figures": {
        "amount": 10000000,
        "count": 3,
        "bars": [],
        "at_highest_rate": _COST,
        "at_lowest_rate": {
            "rate": "12.0000",
            "apr": "19.72",
            "received": 9900000,
            "fees": 100000,
            "interest": 200664,
            "total_payable": 10200664,
            "instalment": 3400222,
        },
    },
}
CALCULATION_INPUT = {"product": _PRODUCT, "amount": 10000000, "currency": "NGN", "count": 3}
CALCULATION = {
    "object": "loan_calculation",
    "product": _PRODUCT,
    "amount": 10000000,
    "currency": "NGN",
    "count": 3,
    "cost": _COST,
    "starts_on": "2026-01-31",
    "instalments": _ROWS,
}
APPLICATION_INPUT = {"amount": 10000000, "currency": "NGN", "count": 3}
APPLICATION_CHANGE = {
    "purpose": "BUSINESS",
    "purpose_text": "Stock for my shop",
    "employment": "EMPLOYED",
    "employed_since": "2020-03-01",
    "income": 40000000,
    "expenses": 15000000,
    "debts": 0,
    "released": ["income", "score"],
    "pools": False,
}
APPLICATION = {
    "id": _APPLICATION,
    "object": "loan_application",
    "state": "OFFERED",
    "currency": "NGN",
    "amount": 10000000,
    "count": 3,
    "purpose": "BUSINESS",
    "purpose_text": "Stock for my shop",
    "refinances": None,
    "employment": "EMPLOYED",
    "employed_since": "2020-03-01",
    "income": 40000000,
    "expenses": 15000000,
    "debts": 0,
    "released": ["amount", "count", "purpose", "income", "score"],
    "pools": False,
    "collects": True,
    "offers": 2,
    "loan": None,
    "deadline": "2026-02-07T08:30:00Z",
    "sign_by": None,
    "created_at": _AT,
    "submitted_at": _AT,
    "ended_at": None,
}
APPLICATION_DETAIL = {**APPLICATION, "missing": [], "questions": []}
WITHDRAW_INPUT = {"reason": "I found the money elsewhere"}
ANSWER_INPUT = {"text": "My shop is at 14 Balogun Street."}
REVIEW_INPUT = {"text": "My salary rose in January; the file has the old one."}
DISPUTE_INPUT = {"text": "I paid this loan off in May 2025."}
CONSENT_INPUT = {"consents": [{"kind": "SOFT_SEARCH", "sha256": _HASH}]}
CONSENTS = {
    "object": "loan_consents",
    "application": _APPLICATION,
    "consents": [
        {
            "kind": "SOFT_SEARCH",
            "title": "Alajo may look me up at two credit bureaux",
            "text": "Alajo asks two licensed credit bureaux what they hold about me …",
            "version": "2026-12-en",
            "sha256": _HASH,
            "is_needed": True,
            "is_given": True,
            "given_at": _AT,
            "expires_at": "2026-05-01T08:30:00Z",
        }
    ],
}
REPORT = {
    "id": "crp_01bXeVKNyARWzt9Zc36oSi",
    "bureau": "Savanna Bureau",
    "kind": "SOFT",
    "is_found": True,
    "inquiries": 1,
    "lines": [
        {
            "lender": "A bank",
            "opened": "2024-05",
            "standing": "LATE",
            "owed": 2500000,
            "monthly": 500000,
            "late_days": 34,
        }
    ],
    "asked_at": _AT,
    "disputed_at": None,
}
DECISION = {
    "object": "loan_decision",
    "application": _APPLICATION,
    "kind": "DECLINED",
    "reasons": ["A loan elsewhere was paid more than 30 days late"],
    "helps": ["Pay what is late on other loans, and apply again."],
    "score": 512,
    "may_ask_for_review": True,
    "review": None,
    "reports": [REPORT],
    "decided_at": _AT,
}
OFFERS = {
    "object": "loan_offers",
    "application": _APPLICATION,
    "is_open": True,
    "deadline": "2026-02-07T08:30:00Z",
    "contract": None,
    "suggested": [],
    "offers": [
        {
            "id": _OFFER,
            "object": "loan_offer",
            "lender": LENDER,
            "amount": 10000000,
            "count": 3,
            "rate": "24.0000",
            "apr": "34.77",
            "received": 9900000,
            "fees": 100000,
            "total_payable": 10402640,
            "instalment": 3467547,
            "is_level": True,
            "method": "LEVEL",
            "late_charge": LATE,
            "cooling_off_days": 3,
            "conditions": [],
            "sha256": _HASH,
            "can_be_accepted": True,
            "expires_at": "2026-02-05T08:30:00Z",
            "created_at": _AT,
        }
    ],
}
ACCEPT_INPUT = {"offers": [_OFFER]}
SIGN_INPUT = {"sha256": _HASH, "search_consent": _HASH}
CONTRACT = {
    "id": _CONTRACT,
    "object": "loan_contract",
    "application": _APPLICATION,
    "loan": None,
    "state": "TO_SIGN",
    "amount": 10000000,
    "count": 3,
    "rate": "24.0000000000",
    "apr": "34.77",
    "fees": 100000,
    "received": 9900000,
    "total_payable": 10402640,
    "late_charge": LATE,
    "shares": [{"lender": LENDER, "offer": _OFFER, "amount": 10000000, "rate": "24.0000", "fees": 100000}],
    "sha256": _HASH,
    "needs_search_consent": True,
    "cooling_off_days": 3,
    "may_cancel": False,
    "payout_waits_for": "",
    "drawdown": None,
    "accepted_at": _AT,
    "sign_by": "2026-02-04T23:00:00Z",
    "signed_at": None,
    "cooling_off_until": None,
    "ended_at": None,
    "end_reason": "",
}
