"""What the API's documentation shows of a loan that was paid out."""

from credit.api.borrower_examples import APPLICATION, CONTRACT, LENDER

_LOAN = "cln_01bXeVJ2pTfyGNuObTnVLg"
_TRANSACTION = "clt_01bXeVKNyARWzt9Zc36oSi"
_QUOTE = "cpq_01bXeVKNyARWzt9Zc36oSi"
_POSTING = "txn_01bXeVKNyARWzt9Zc36oSi"

LOAN = {
    "id": _LOAN,
    "object": "loan",
    "number": "L-2026-7QK2M9XD",
    "application": APPLICATION["id"],
    "contract": CONTRACT["id"],
    "state": "ACTIVE",
    "currency": "NGN",
    "amount": 10000000,
    "apr": "34.77",
    "principal": 6732453,
    "due": 0,
    "next_due_date": "2026-03-31",
    "next_due_amount": 3467547,
    "days_late": 0,
    "is_looked_into": False,
    "replaced_by": None,
    "opened_on": "2026-01-31",
    "closed_on": None,
}
_INSTALMENT = {
    "number": 2,
    "start_date": "2026-02-28",
    "due_date": "2026-03-31",
    "opening": 6732453,
    "interest": 134649,
    "principal": 3332898,
    "payment": 3467547,
    "paid_interest": 0,
    "paid_principal": 0,
    "unpaid": 3467547,
    "status": "COMING",
    "days_late": 0,
}
LOAN_DETAIL = {
    **LOAN,
    "as_of": "2026-03-01",
    "outstanding": {
        "principal": 6732453,
        "interest": 4343,
        "fees": 0,
        "penalties": 0,
        "total": 6736796,
        "due": 0,
    },
    "next_instalment": _INSTALMENT,
    "paid_principal": 3267547,
    "paid_interest": 200000,
    "paid": 3467547,
    "overpaid": 0,
    "paused_until": None,
    "lenders": [LENDER],
}
SCHEDULE = {
    "object": "loan_schedule",
    "loan": _LOAN,
    "as_of": "2026-03-01",
    "currency": "NGN",
    "instalments": [_INSTALMENT],
}
SCHEDULE_VERSION = {
    "id": "csv_01bXeVKNyARWzt9Zc36oSi",
    "object": "loan_schedule_version",
    "loan": _LOAN,
    "number": 1,
    "from_date": "2026-01-31",
    "kind": "DISBURSEMENT",
    "transaction": _TRANSACTION,
    "reason": "",
    "instalments": [
        {
            "number": 1,
            "start_date": "2026-01-31",
            "due_date": "2026-02-28",
            "opening": 10000000,
            "interest": 200000,
            "principal": 3267547,
        }
    ],
}
TRANSACTION = {
    "id": _TRANSACTION,
    "object": "loan_transaction",
    "loan": _LOAN,
    "number": 2,
    "kind": "REPAYMENT",
    "date": "2026-02-28",
    "amount": 3467547,
    "interest": 200000,
    "principal": 3267547,
    "fees": 0,
    "penalties": 0,
    "ahead": 0,
    "overpaid": 0,
    "reason": "",
    "reverses": None,
    "is_taken_back": False,
    "transaction": _POSTING,
    "created_at": "2026-02-28T08:30:00Z",
}
PAYOUT = {
    **TRANSACTION,
    "number": 4,
    "kind": "DISBURSEMENT",
    "amount": 3000000,
    "interest": 0,
    "principal": 0,
}
REFUND = {
    **TRANSACTION,
    "number": 5,
    "kind": "REFUND",
    "amount": 50000,
    "interest": 0,
    "principal": 0,
}
PAYMENT_INPUT = {"amount": 5000000, "currency": "NGN"}
REPAYMENT_INPUT = {"amount": 5000000, "currency": "NGN", "effect": "FEWER"}
PREVIEW = {
    "object": "repayment_preview",
    "loan": _LOAN,
    "amount": 5000000,
    "currency": "NGN",
    "split": {
        "interest": 200000,
        "principal": 4800000,
        "fees": 0,
        "penalties": 0,
        "ahead": 1532453,
        "overpaid": 0,
    },
    "left": 5200000,
    "choices": [
        {
            "effect": "SMALLER",
            "next_due_date": "2026-03-31",
            "next_amount": 2678257,
            "then_amount": 2678258,
            "count": 2,
            "ends_on": "2026-04-30",
            "saves": 46125,
        }
    ],
}
QUOTE = {
    "id": _QUOTE,
    "object": "payoff_quote",
    "loan": _LOAN,
    "day": "2026-03-01",
    "currency": "NGN",
    "principal": 6732453,
    "interest": 4343,
    "fees": 0,
    "penalties": 0,
    "total": 6736796,
    "created_at": "2026-03-01T08:30:00Z",
    "expires_at": "2026-03-01T23:00:00Z",
    "paid_at": None,
    "transaction": None,
}
HARDSHIP_INPUT = {"wish": "LONGER", "text": "My hours were cut in February.", "can_pay": 2000000}
HARDSHIP = {
    "id": "chs_01bXeVKNyARWzt9Zc36oSi",
    "object": "hardship_request",
    "loan": _LOAN,
    "wish": "LONGER",
    "text": "My hours were cut in February.",
    "can_pay": 2000000,
    "state": "ASKED",
    "answer": "",
    "created_at": "2026-03-01T08:30:00Z",
    "ended_at": None,
}
PROOF = {
    "object": "loan_proof",
    "loan": _LOAN,
    "as_of": "2026-02-28",
    "currency": "NGN",
    "is_proven": True,
    "compared": 41,
    "differences": [],
    "standing": {
        "lent": 10000000,
        "balance": 6732453,
        "due_interest": 0,
        "due_principal": 0,
        "fees": 0,
        "penalties": 0,
        "overpaid": 0,
    },
    "periods": [
        {
            "number": 1,
            "start_date": "2026-01-31",
            "due_date": "2026-02-28",
            "lines": [
                {
                    "start_date": "2026-01-31",
                    "end_date": "2026-02-28",
                    "days": 28,
                    "earning": 10000000,
                    "rate": "24.0000000000",
                    "years": "1/12",
                    "earned": "200000.0000000000",
                }
            ],
            "earned": "200000.0000000000",
            "charged": 200000,
            "is_running": False,
        }
    ],
    "steps": [
        {
            "transaction": _TRANSACTION,
            "number": 2,
            "is_taken_back": False,
            "paid": {
                "interest": 200000,
                "principal": 3267547,
                "fees": 0,
                "penalties": 0,
                "ahead": 0,
                "overpaid": 0,
            },
        }
    ],
}
