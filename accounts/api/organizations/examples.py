"""What the API's documentation shows."""

_AT = "2026-01-31T08:30:00Z"

ORGANIZATION = {
    "id": "org_01bXeVFsjJrkCWVZkY9mJE",
    "object": "organization",
    "name": "Kasuwa Stores",
    "slug": "kasuwa-stores",
    "created_at": _AT,
}
MEMBER = {
    "id": "mem_01bXeVJ2pTfyGNuObTnVLg",
    "object": "member",
    "role": "OWNER",
    "person": {"handle": "bola", "display_name": "Bola Adeyemi"},
    "created_at": _AT,
}
INVITATION_INPUT = {"email": "chidi@example.com", "role": "MEMBER"}
INVITATION = {
    "id": "inv_01bXeVKNyARWzt9Zc36oSi",
    "object": "invitation",
    "email": "chidi@example.com",
    "role": "MEMBER",
    "created_at": _AT,
    "expires_at": "2026-02-07T08:30:00Z",
}
