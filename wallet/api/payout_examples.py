"""What the documentation of money out shows."""

from wallet.api.examples import _ACCOUNT, _AT

_BANK_ACCOUNT = "ban_01bXeVKNyARWzt9Zc36oSj"

BANK = {"object": "bank", "code": "044", "name": "Access Bank"}
BANK_ACCOUNT_INPUT = {"bank_code": "044", "account_number": "0000000220"}
BANK_ACCOUNT = {
    "id": _BANK_ACCOUNT,
    "object": "bank_account",
    "bank_code": "044",
    "bank_name": "Access Bank",
    "last_four": "0220",
    "holder_name": "OBI ADA GRACE",
    "holder": "SELF",
    "is_default": True,
    "added_at": _AT,
}
WITHDRAWAL_INPUT = {
    "account": _ACCOUNT,
    "bank_account": _BANK_ACCOUNT,
    "amount": 500000,
    "currency": "NGN",
    "expected_fee": 1075,
}
WITHDRAWAL = {
    "id": "wdr_01bXeVKNyARWzt9Zc36oSk",
    "object": "withdrawal",
    "account": _ACCOUNT,
    "bank_account": _BANK_ACCOUNT,
    "amount": 500000,
    "fee": 1075,
    "fee_lines": [{"kind": "FEE", "amount": 1000}, {"kind": "VAT", "amount": 75}],
    "currency": "NGN",
    "state": "SENT",
    "reference": "alj-019c1d2f4a5b7c8d9e0f1a2b3c4d5e6f",
    "note": "",
    "created_at": _AT,
    "settled_at": None,
    "returned_at": None,
}
SCHEDULED_INPUT = {
    "source": _ACCOUNT,
    "recipient": "@bola",
    "amount": 200000,
    "currency": "NGN",
    "rhythm": "MONTHLY",
    "first_date": "2026-02-28",
    "note": "Esusu",
}
SCHEDULED = {
    "id": "sch_01bXeVKNyARWzt9Zc36oSl",
    "object": "scheduled_transfer",
    "source": _ACCOUNT,
    "bank_account": None,
    "name": "Bola Ade",
    "amount": 200000,
    "currency": "NGN",
    "note": "Esusu",
    "rhythm": "MONTHLY",
    "first_date": "2026-02-28",
    "last_date": None,
    "next_date": "2026-02-28",
    "state": "ACTIVE",
    "created_at": _AT,
}
RUN = {
    "object": "scheduled_run",
    "due_date": "2026-02-28",
    "state": "SENT",
    "transfer": "trf_01bXeVJ2pTfyGNuObTnVLg",
    "withdrawal": None,
    "code": "",
    "reason": "",
    "ended_at": _AT,
}
