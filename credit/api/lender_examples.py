"""What the API's documentation shows of lending."""

from typing import Any

from credit.api.borrower_examples import LATE, RULES

AT = "2026-02-02T08:30:00Z"
_LENDER = "cpr_01bXeVFsjJrkCWVZkY9mJE"
_PRODUCT = "cpd_01bXeVFsjJrkCWVZkY9mJF"
_RULE = "cru_01bXeVFsjJrkCWVZkY9mJG"
_APPLICATION = "cap_01bXeVJ2pTfyGNuObTnVLg"
_BID = "cbd_01bXeVKNyARWzt9Zc36oSi"
_CONTRACT = "cct_01bXeVKNyARWzt9Zc36oSj"
_LOAN = "cln_01bXeVJ2pTfyGNuObTnVLg"
_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

LENDER = {
    "id": _LENDER,
    "object": "lender",
    "organization": "org_01bXeVFsjJrkCWVZkY9mJE",
    "display_name": "Harvest Credit",
    "state": "ACTIVE",
    "licence_number": "FCCPC/DL/2026/014",
    "licensed_until": "2028-12-31",
    "applied_at": AT,
}
SUMMARY = {
    "object": "lending_summary",
    "lender": _LENDER,
    "currency": "NGN",
    "available": 920000000,
    "promised": 30000000,
    "open_offers": 3,
    "loans": 12,
    "lent": 310000000,
    "owed": 251200000,
    "interest": 9120000,
    "charges": 3150000,
    "late_loans": 1,
    "late": 945600,
    "buckets": [{"bucket": "CURRENT", "loans": 11, "owed": 241200000}],
    "months": [{"month": "2026-01-01", "lent": 310000000, "returned": 58800000, "earned": 12270000}],
}
PRODUCT = {
    "id": _PRODUCT,
    "object": "lending_product",
    "name": "Steady",
    "summary": "For traders, paid back by the month.",
    "currency": "NGN",
    "is_open": True,
    "terms": {
        "from_date": "2026-01-01",
        "least": 1000000,
        "most": 500000000,
        "shortest": 1,
        "longest": 60,
        "lowest_rate": "12.0000",
        "highest_rate": "48.0000",
        "fee_percent": "1.0000",
        "fee_fixed": 0,
        "rules": RULES,
        "late_charge": LATE,
        "cooling_off_days": 3,
        "conditions": [],
    },
    "created_at": AT,
}
RULE_INPUT: dict[str, Any] = {
    "product": _PRODUCT,
    "name": "Steady incomes",
    "conditions": {"income": {"min": 20000000}, "purpose": {"in": ["BUSINESS"]}},
    "rate": "24.0000",
    "valid_days": 5,
}
RULE: dict[str, Any] = {
    "id": _RULE,
    "object": "lending_rule",
    **RULE_INPUT,
    "position": 0,
    "is_on": True,
    "created_at": AT,
    "ended_at": None,
}
APPLICATION = {
    "id": _APPLICATION,
    "object": "lending_application",
    "amount": 10000000,
    "count": 12,
    "currency": "NGN",
    "purpose": "BUSINESS",
    "takes_parts": False,
    "deadline": "2026-02-09T08:30:00Z",
    "own_bid": None,
}
FILE = {
    **APPLICATION,
    "released": ["amount", "count", "purpose", "employment", "income", "score"],
    "purpose_text": None,
    "employment": "EMPLOYED",
    "employed_since": None,
    "income": 40000000,
    "expenses": None,
    "debts": None,
    "score": 612,
    "watermark": "harvest-credit 5f4a9b2c7d1e",
}
BID_INPUT: dict[str, Any] = {
    "application": _APPLICATION,
    "product": _PRODUCT,
    "amount": 10000000,
    "currency": "NGN",
    "count": 12,
    "rate": "24.0000",
    "expires_at": "2026-02-08T08:30:00Z",
    "conditions": ["A letter from your employer"],
}
BID: dict[str, Any] = {
    "id": _BID,
    "object": "lending_bid",
    "application": _APPLICATION,
    "product": _PRODUCT,
    "rule": None,
    "replaces": None,
    "state": "LIVE",
    "amount": 10000000,
    "count": 12,
    "currency": "NGN",
    "rate": "24.0000",
    "fees": 100000,
    "received": 9900000,
    "total_payable": 11347152,
    "apr": "29.3231",
    "our_fee": 100000,
    "our_tax": 7500,
    "reserve": 10007500,
    "conditions": ["A letter from your employer"],
    "sha256": _HASH,
    "outcome": None,
    "created_at": AT,
    "expires_at": "2026-02-08T08:30:00Z",
    "ended_at": None,
}
CONTRACT: dict[str, Any] = {
    "id": _CONTRACT,
    "object": "lending_contract",
    "application": _APPLICATION,
    "state": "TO_SIGN",
    "amount": 10000000,
    "count": 12,
    "currency": "NGN",
    "rate": "24.0000000000",
    "apr": "29.3231",
    "fees": 100000,
    "received": 9900000,
    "total_payable": 11347152,
    "share": {
        "bid": _BID,
        "amount": 10000000,
        "rate": "24.0000",
        "fees": 100000,
        "our_fee": 100000,
        "our_tax": 7500,
    },
    "sha256": _HASH,
    "borrower_signed": True,
    "you_signed": False,
    "accepted_at": AT,
    "sign_by": "2026-02-05T23:00:00Z",
    "signed_at": None,
    "ended_at": None,
}
AGREEMENT = {
    **CONTRACT,
    "number": "L-7GQ2M-X4K9A",
    "borrower": "Ada Obi",
    "terms": '{"amount":10000000,"term":12}',
    "searches": [
        {
            "bureau": "Meridian",
            "found": True,
            "inquiries": 1,
            "lines": [
                {
                    "lender": "Savanna Bank",
                    "opened": "2024-05-01",
                    "standing": "CLEAR",
                    "owed": 5000000,
                    "monthly": 600000,
                    "late_days": 0,
                }
            ],
            "is_disputed": False,
            "at": AT,
        }
    ],
    "watermark": "a1b2c3d4-e5f60718-260202083000",
}
SIGN_INPUT = {"sha256": _HASH}
REFUSAL_INPUT = {"reasons": ["INCOME"], "words": ""}
LOAN = {
    "id": _LOAN,
    "object": "lending_loan",
    "number": "L-7GQ2M-X4K9A",
    "contract": _CONTRACT,
    "state": "ACTIVE",
    "amount": 10000000,
    "currency": "NGN",
    "rate": "24.0000000000",
    "principal": 9254404,
    "bucket": "CURRENT",
    "days_late": 0,
    "next_due_on": "2026-04-02",
    "next_due_amount": 945596,
    "own": {"lent": 10000000, "owed": 9254404, "interest": 200000, "charges": 100000},
    "opened_on": "2026-02-02",
    "closed_on": None,
}
SCHEDULE = {
    "object": "lending_schedule",
    "loan": _LOAN,
    "on": "2026-03-02",
    "rate": "24",
    "principal": 9254404,
    "interest": 0,
    "fees": 0,
    "penalties": 0,
    "due": 0,
    "rows": [
        {
            "number": 1,
            "start": "2026-02-02",
            "due": "2026-03-02",
            "opening": 10000000,
            "interest": 200000,
            "principal": 745596,
            "paid_interest": 200000,
            "paid_principal": 745596,
            "status": "PAID",
            "days_late": 0,
        }
    ],
}
TRANSACTION = {
    "id": "clt_01bXeVKNyARWzt9Zc36oSk",
    "object": "lending_transaction",
    "loan": _LOAN,
    "number": 2,
    "kind": "REPAYMENT",
    "on": "2026-03-02",
    "amount": 945596,
    "interest": 200000,
    "principal": 745596,
    "fees": 0,
    "penalties": 0,
    "overpaid": 0,
    "reverses": None,
    "own": {"principal": 745596, "interest": 200000, "charges": 0},
    "created_at": AT,
}
