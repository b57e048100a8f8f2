"""What the API's documentation shows."""

_AT = "2026-01-31T08:30:00Z"
_ENDPOINT = "whe_01bXeVFsjJrkCWVZkY9mJE"
_EVENT = "evt_01bXeVKNyARWzt9Zc36oSi"

ENDPOINT_INPUT = {
    "organization": "org_01bXeVJ2pTfyGNuObTnVLg",
    "url": "https://shop.example/alajo",
    "event_types": ["member.joined", "member.left"],
    "description": "Shop backend",
}
ENDPOINT = {
    "id": _ENDPOINT,
    "object": "webhook_endpoint",
    "organization": "org_01bXeVJ2pTfyGNuObTnVLg",
    "url": "https://shop.example/alajo",
    "event_types": ["member.joined", "member.left"],
    "description": "Shop backend",
    "state": "ENABLED",
    "reason": None,
    "failing_since": None,
    "secret_changed_at": _AT,
    "previous_secret_until": None,
    "created_at": _AT,
}
ENDPOINT_WITH_SECRET = {**ENDPOINT, "secret": "whsec_aC1zZWNyZXQtZm9yLXRoZS1kb2N1bWVudGF0aW9uISE="}
CHANGE = {"event_types": ["*"], "state": "ENABLED"}
ROLL = {"overlap_hours": 24}
RANGE = {"since": "2026-01-30T00:00:00Z", "until": "2026-01-31T00:00:00Z", "only_failed": True}
RESENT = {"object": "resend", "sent": 42}
DELIVERY = {
    "id": "whd_01bXeVJ2pTfyGNuObTnVLg",
    "object": "webhook_delivery",
    "endpoint": _ENDPOINT,
    "event": _EVENT,
    "message": "msg_01bXeVKNyARWzt9Zc36oSi",
    "event_type": "member.joined",
    "state": "WAITING",
    "attempts": 1,
    "next_try_at": "2026-01-31T08:30:06Z",
    "delivered_at": None,
    "created_at": _AT,
}
ATTEMPT = {
    "number": 1,
    "at": _AT,
    "url": "https://shop.example/alajo",
    "status": 503,
    "error": None,
    "duration_ms": 132,
    "manual": False,
    "request_headers": {"webhook-id": "msg_01bXeVKNyARWzt9Zc36oSi", "webhook-timestamp": "1769848200"},
    "response_headers": {"content-type": "text/plain"},
    "response_body": "back soon",
}
DELIVERY_IN_FULL = {**DELIVERY, "attempt_list": [ATTEMPT]}
EVENT = {
    "id": _EVENT,
    "object": "event",
    "type": "member.joined",
    "timestamp": _AT,
    "data": {
        "member": "mem_01bXeVJ2pTfyGNuObTnVLg",
        "person": {"handle": "chidi", "display_name": "Chidi Eze"},
        "role": "MEMBER",
    },
}
EVENT_TYPE = {
    "name": "member.joined",
    "object": "event_type",
    "description": "Somebody accepted an invitation.",
    "example": EVENT["data"],
}
