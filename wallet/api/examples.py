"""What the API's documentation shows."""

_AT = "2026-01-31T08:30:00Z"
_ACCOUNT = "acc_01bXeVFsjJrkCWVZkY9mJE"
_TRANSACTION = "txn_01bXeVJ2pTfyGNuObTnVLg"
_ADA = {"handle": "ada", "display_name": "Ada Obi"}
_BOLA = {"handle": "bola", "display_name": "Bola Ade"}

ACCOUNT = {
    "id": _ACCOUNT,
    "object": "account",
    "kind": "WALLET",
    "currency": "NGN",
    "balance": 18675000,
    "held": 250000,
    "available": 18425000,
    "state": "ACTIVE",
    "version": 42,
    "opened_at": _AT,
}
LIMITS = {
    "account": _ACCOUNT,
    "object": "limits",
    "currency": "NGN",
    "tier": 1,
    "daily": [
        {
            "kind": "SENDING",
            "day": "2026-01-31",
            "limit": 5000000,
            "used": 4500000,
            "left": 500000,
            "resets_at": "2026-01-31T23:00:00Z",
        },
        {
            "kind": "RECEIVING",
            "day": "2026-01-31",
            "limit": None,
            "used": 1000000,
            "left": None,
            "resets_at": "2026-01-31T23:00:00Z",
        },
    ],
    "single_amount": None,
    "balance_cap": 30000000,
}
ENTRY = {
    "object": "entry",
    "version": 42,
    "transaction": _TRANSACTION,
    "kind": "TRANSFER",
    "side": "DEBIT",
    "change": -500000,
    "currency": "NGN",
    "balance": 18675000,
    "description": "Rice",
    "effective_at": _AT,
    "recorded_at": _AT,
}
TRANSACTION = {
    "id": _TRANSACTION,
    "object": "transaction",
    "kind": "TRANSFER",
    "amount": 500000,
    "currency": "NGN",
    "description": "Rice",
    "debit": {"account": _ACCOUNT, "version": 42, "balance": 18675000, "person": _ADA},
    "credit": {"account": None, "version": None, "balance": None, "person": _BOLA},
    "effective_at": _AT,
    "recorded_at": _AT,
}
TRANSFER_INPUT = {
    "source": _ACCOUNT,
    "recipient": "@bola",
    "amount": 1500000,
    "currency": "NGN",
    "note": "Rice",
    "expected_fees": 5000,
}
FEE_QUOTE = {
    "object": "fee_quote",
    "kind": "WITHDRAWAL",
    "amount": 1500000,
    "currency": "NGN",
    "fees": [
        {"kind": "FEE", "amount": 2500},
        {"kind": "VAT", "amount": 188},
        {"kind": "STAMP_DUTY", "amount": 5000},
    ],
    "total_fees": 7688,
    "quoted_at": _AT,
}
TRANSFER = {
    "id": "trf_01bXeVJ2pTfyGNuObTnVLg",
    "object": "transfer",
    "source": _ACCOUNT,
    "sender": _ADA,
    "recipient": _BOLA,
    "amount": 1500000,
    "fees": [{"kind": "STAMP_DUTY", "amount": 5000}],
    "total": 1505000,
    "currency": "NGN",
    "note": "Rice",
    "transaction": _TRANSACTION,
    "created_at": _AT,
}
DEPOSIT_INPUT = {"account": _ACCOUNT, "amount": 1000000, "currency": "NGN"}
DEPOSIT = {
    "id": "dep_01bXeVKNyARWzt9Zc36oSi",
    "object": "deposit",
    "account": _ACCOUNT,
    "amount": 1000000,
    "currency": "NGN",
    "state": "PENDING",
    "method": "CHECKOUT",
    "checkout_url": "https://checkout.paystack.com/nkdks46nymizns7",
    "created_at": _AT,
    "settled_at": None,
}
CARD_INPUT = {"deposit": "dep_01bXeVKNyARWzt9Zc36oSi"}
CARD = {
    "id": "crd_01bXeVKNyARWzt9Zc36oSi",
    "object": "card",
    "brand": "visa",
    "last4": "4081",
    "bank": "Test Bank",
    "expires_month": 12,
    "expires_year": 2030,
    "created_at": _AT,
    "used_at": None,
}
ACCOUNT_NUMBER_INPUT = {"account": _ACCOUNT, "currency": "NGN"}
ACCOUNT_NUMBER = {
    "id": "van_01bXeVKNyARWzt9Zc36oSi",
    "object": "account_number",
    "account": _ACCOUNT,
    "state": "ACTIVE",
    "account_number": "1238217654",
    "account_name": "ALAJO/ADA OBI",
    "bank_name": "Test Bank",
    "requested_at": _AT,
    "opened_at": _AT,
}
REFUND = {
    "id": "rfd_01bXeVKNyARWzt9Zc36oSi",
    "object": "refund",
    "deposit": "dep_01bXeVKNyARWzt9Zc36oSi",
    "amount": 250000,
    "currency": "NGN",
    "state": "SUCCEEDED",
    "note": "Order 1042 was cancelled",
    "bank_account": None,
    "transaction": _TRANSACTION,
    "created_at": _AT,
    "settled_at": _AT,
}
REFUND_INPUT = {
    "deposit": "dep_01bXeVKNyARWzt9Zc36oSi",
    "amount": 250000,
    "currency": "NGN",
    "note": "Order 1042 was cancelled",
}
REFUND_ACCOUNT_INPUT = {"bank_account": "ban_01bXeVKNyARWzt9Zc36oSj"}
