"""What the API's documentation shows."""

_AT = "2026-01-31T08:30:00Z"
_MERCHANT = "mer_01bXeVFsjJrkCWVZkY9mJE"
_LINK = "pln_01bXeVJ2pTfyGNuObTnVLg"
_PAYMENT = "mpy_01bXeVKNyARWzt9Zc36oSi"

MERCHANT = {
    "id": _MERCHANT,
    "object": "merchant",
    "organization": "org_01bXeVFsjJrkCWVZkY9mJE",
    "display_name": "Kasuwa Stores",
    "category": "FASHION",
    "state": "ACTIVE",
    "balance": 23521900,
    "currency": "NGN",
    "at_own_gateway": False,
    "applied_at": _AT,
}
LINK_INPUT = {
    "title": "Head tie",
    "amount": 450000,
    "currency": "NGN",
    "description": "Aso oke, hand woven.",
    "success_message": "Collect it at stall 14.",
    "single_use": False,
    "expires_at": "2026-03-31T22:59:59Z",
}
LINK = {
    "id": _LINK,
    "object": "payment_link",
    "merchant": _MERCHANT,
    "url": "https://alajo.example/pay/k3N9xTq0ZbLm/",
    **LINK_INPUT,
    "picture_url": None,
    "state": "ACTIVE",
    "created_at": _AT,
}
PAYMENT = {
    "id": _PAYMENT,
    "object": "merchant_payment",
    "merchant": _MERCHANT,
    "payment_link": _LINK,
    "method": "CARD",
    "state": "PAID",
    "amount": 450000,
    "fee": 18006,
    "net": 431994,
    "refunded": 0,
    "currency": "NGN",
    "at_own_gateway": False,
    "payer_name": "Ngozi Umeh",
    "payer_email": "ngozi@example.com",
    "note": "Order 1207",
    "created_at": _AT,
    "paid_at": _AT,
}
REFUND_INPUT = {"amount": 50000, "reason": "One was torn"}
REFUND = {
    "id": "mrf_01bXeVKNyARWzt9Zc36oSi",
    "object": "merchant_refund",
    "merchant_payment": _PAYMENT,
    "amount": 50000,
    "currency": "NGN",
    "state": "SUCCEEDED",
    "reason": "One was torn",
    "created_at": _AT,
}
SETTLEMENT_INPUT = {
    "bank_account": "ban_01bXeVKNyARWzt9Zc36oSj",
    "amount": 20000000,
    "currency": "NGN",
    "expected_fee": 2688,
}
SETTLEMENT = {
    "id": "wdr_01bXeVKNyARWzt9Zc36oSk",
    "object": "settlement",
    "merchant": _MERCHANT,
    "bank_account": "ban_01bXeVKNyARWzt9Zc36oSj",
    "amount": 20000000,
    "fee": 2688,
    "fee_lines": [{"kind": "FEE", "amount": 2500}, {"kind": "VAT", "amount": 188}],
    "currency": "NGN",
    "state": "SENT",
    "day": "2026-01-31",
    "reference": "alj-019c1d2f4a5b7c8d9e0f1a2b3c4d5e6f",
    "created_at": _AT,
    "settled_at": None,
    "returned_at": None,
}
