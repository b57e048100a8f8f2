"""What the API's documentation shows."""

_AT = "2026-01-31T08:30:00Z"
_PLAN = "spl_01bXeVFsjJrkCWVZkY9mJE"
_TERMS = "spt_01bXeVFsjJrkCWVZkY9mJE"
_SAVING = "sav_01bXeVJ2pTfyGNuObTnVLg"
_TRANSACTION = "txn_01bXeVKNyARWzt9Zc36oSi"

_CELLS = [
    {
        "days_from": 30,
        "days_below": 180,
        "amount_from": 0,
        "amount_below": None,
        "rate": "10.0000",
        "apy": "10.47",
    },
    {
        "days_from": 180,
        "days_below": None,
        "amount_from": 0,
        "amount_below": None,
        "rate": "12.0000",
        "apy": "12.37",
    },
]
PLAN = {
    "id": _PLAN,
    "object": "savings_plan",
    "code": "fixed",
    "kind": "FIXED",
    "name": "Safe lock",
    "summary": "Lock money for a time, at a rate that is known before.",
    "currency": "NGN",
    "is_open": True,
    "terms": {
        "id": _TERMS,
        "from_date": "2026-01-01",
        "day_count": "ACT/365F",
        "method": "WHOLE",
        "capitalised": "END",
        "paid": "END",
        "up_front": False,
        "rounding": "HALF_EVEN",
        "tax": "10.0000",
        "minimum": 100000,
        "maximum": 500000000,
        "shortest": 30,
        "longest": 365,
        "cut_off": None,
        "free_withdrawals": None,
        "withdrawal_fee": "0.0000",
        "penalty": "LOWER_RATE",
        "penalty_percent": "5.0000",
        "rates": _CELLS,
    },
    "next_terms": None,
}
PROJECTION_INPUT = {"amount": 10000000, "currency": "NGN", "days": 60}
PROJECTION = {
    "object": "savings_projection",
    "plan": _PLAN,
    "terms": _TERMS,
    "currency": "NGN",
    "starts_on": "2026-01-31",
    "ends_on": "2026-04-01",
    "rate": "10.0000",
    "apy": "10.42",
    "saved": 10000000,
    "interest": 164384,
    "tax": 16438,
    "up_front": 0,
    "comes_to": 10147946,
    "half_way": {"day": "2026-03-02", "pays_out": 10036987, "costs": 36986},
    "months": [
        {"day": "2026-01-31", "balance": 10000000, "interest": 0, "tax": 0},
        {"day": "2026-02-28", "balance": 10000000, "interest": 0, "tax": 0},
        {"day": "2026-03-31", "balance": 10147946, "interest": 164384, "tax": 16438},
    ],
}
SAVING_INPUT = {
    "plan": _PLAN,
    "name": "Rent",
    "currency": "NGN",
    "amount": 5000000,
    "target": 60000000,
    "target_date": "2026-12-20",
}
SAVING_CHANGE = {"name": "Rent in Yaba", "matures_on": "2027-01-20"}
PAUSE_INPUT = {"reason": "Between two jobs"}
SAVING = {
    "id": _SAVING,
    "object": "saving",
    "plan": _PLAN,
    "terms": _TERMS,
    "account": "acc_01bXeVJ2pTfyGNuObTnVLg",
    "name": "Rent",
    "state": "ACTIVE",
    "balance": 12000000,
    "interest_to_come": 45210,
    "currency": "NGN",
    "is_looked_into": False,
    "target": 60000000,
    "target_date": "2026-12-20",
    "progress": {
        "percent": 20,
        "missing": 48000000,
        "expected_by_now": 11500000,
        "behind": 0,
        "projected_date": "2026-12-02",
    },
    "opened_on": "2026-01-31",
    "matures_on": "2026-12-20",
    "at_maturity": "PAY_OUT",
    "group": None,
    "rolled_from": None,
    "created_at": _AT,
    "ended_at": None,
}
ACCRUAL = {
    "object": "accrual",
    "day": "2026-01-31",
    "balance": 12000000,
    "rate": "10.0000",
    "accrued": "3287.6712328767",
    "carry": "0.3698630136",
    "paid": 101917,
    "tax": 10192,
    "transaction": _TRANSACTION,
    "tax_transaction": "txn_01bXeVKNyARWzt9Zc36oSj",
}
CORRECTION = {
    "id": "scr_01bXeVKNyARWzt9Zc36oSn",
    "object": "saving_correction",
    "saving": _SAVING,
    "since": "2026-01-12",
    "movement": "smv_01bXeVKNyARWzt9Zc36oSi",
    "interest": 0,
    "tax": 0,
    "transaction": None,
    "created_at": _AT,
}
CONTRIBUTION_INPUT = {"amount": 1000000, "currency": "NGN"}
CONTRIBUTION = {
    "id": "smv_01bXeVKNyARWzt9Zc36oSi",
    "object": "contribution",
    "saving": _SAVING,
    "kind": "CONTRIBUTION",
    "amount": 1000000,
    "currency": "NGN",
    "value_date": "2026-01-31",
    "transaction": _TRANSACTION,
    "created_at": _AT,
}
COST = {
    "object": "withdrawal_cost",
    "amount": 1000000,
    "fee": 25000,
    "total": 1025000,
    "free_left": 0,
    "currency": "NGN",
}
WITHDRAWAL_INPUT = {"amount": 1000000, "currency": "NGN", "expected_fee": 25000}
WITHDRAWAL = {**CONTRIBUTION, "object": "saving_withdrawal", "kind": "WITHDRAWAL", "fee": 25000}
QUOTE = {
    "id": "scq_01bXeVKNyARWzt9Zc36oSk",
    "object": "closing_quote",
    "saving": _SAVING,
    "day": "2026-01-31",
    "is_early": True,
    "currency": "NGN",
    "balance": 12000000,
    "earned": 45210,
    "interest": 22605,
    "tax": 2261,
    "taken_back": 0,
    "tax_back": 0,
    "penalty": 0,
    "pays_out": 12020344,
    "costs": 0,
    "created_at": _AT,
    "expires_at": "2026-01-31T08:45:00Z",
    "accepted_at": None,
}
_AUTOMATIC = "sau_01bXeVKNyARWzt9Zc36oSl"
AUTOMATIC_INPUT = {
    "kind": "RHYTHM",
    "rhythm": "MONTHLY",
    "amount": 5000000,
    "currency": "NGN",
    "first_date": "2026-02-25",
    "follows_target": False,
}
AUTOMATIC_CHANGE = {"amount": 6000000, "currency": "NGN"}
AUTOMATIC = {
    "id": _AUTOMATIC,
    "object": "automatic_saving",
    "saving": _SAVING,
    "kind": "RHYTHM",
    "rhythm": "MONTHLY",
    "amount": 5000000,
    "currency": "NGN",
    "follows_target": False,
    "first_date": "2026-02-25",
    "next_date": "2026-02-25",
    "state": "ACTIVE",
    "reason": "",
    "created_at": _AT,
    "ended_at": None,
}
RUN = {
    "object": "automatic_run",
    "due_date": "2026-02-25",
    "state": "SAVED",
    "amount": 5000000,
    "next_amount": None,
    "contribution": "smv_01bXeVKNyARWzt9Zc36oSi",
    "tries": 1,
    "next_try_at": None,
    "code": "",
    "reason": "",
    "ended_at": "2026-02-25T05:00:00Z",
}
GROUP = {
    "id": "sgr_01bXeVKNyARWzt9Zc36oSm",
    "object": "savings_group",
    "plan": _PLAN,
    "name": "Aunty's sixtieth",
    "target": 120000000,
    "currency": "NGN",
    "target_date": "2026-12-20",
    "is_organised_by_you": True,
    "is_closed": False,
    "created_at": _AT,
}
GROUP_DETAIL = {
    **GROUP,
    "saved": 30000000,
    "percent": 25,
    "members": [
        {"display_name": "Ada Obi", "saved": 20000000, "share": 667, "is_organiser": True},
        {"display_name": "Bola Ade", "saved": 10000000, "share": 333, "is_organiser": False},
    ],
}
