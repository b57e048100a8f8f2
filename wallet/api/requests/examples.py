"""What the API's documentation shows."""

_AT = "2026-01-31T08:30:00Z"

REQUEST_INPUT = {
    "recipient": "@bola",
    "amount": 200000,
    "currency": "NGN",
    "note": "Danfo, both ways",
    "expires_at": "2026-02-14T08:30:00Z",
}
REQUEST = {
    "id": "prq_01bXeVJ2pTfyGNuObTnVLg",
    "object": "payment_request",
    "direction": "OUTGOING",
    "person": {"handle": "bola", "display_name": "Bola Ade"},
    "amount": 200000,
    "currency": "NGN",
    "note": "Danfo, both ways",
    "state": "OPEN",
    "transfer": None,
    "created_at": _AT,
    "expires_at": "2026-02-14T08:30:00Z",
    "ended_at": None,
}
PAY_INPUT = {"source": "acc_01bXeVFsjJrkCWVZkY9mJE"}
DECLINE_INPUT = {"words": "I paid in cash"}
