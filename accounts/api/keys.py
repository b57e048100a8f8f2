"""What a program may know of the key by which it calls."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import KeyCredential
from core.api.ids import IdField
from core.api.schema import example
from core.api.serializers import InstantField, ObjectField
from core.api.views import ApiView

KEY, ORGANIZATION = "key", "org"
EXAMPLE = {
    "id": "key_01bXeVFsjJrkCWVZkY9mJE",
    "object": "api_key",
    "organization": "org_01bXeVJ2pTfyGNuObTnVLg",
    "name": "Shop backend",
    "mode": "TEST",
    "last_four": "x7Qa",
    "scopes": ["accounts:read", "transactions:read"],
    "allowed_networks": ["203.0.113.0/24"],
    "created_at": "2026-01-31T08:30:00Z",
    "expires_at": "2026-05-01T08:30:00Z",
}


class ApiKeySerializer(serializers.Serializer[Any]):
    """An organisation's key, without the key itself."""

    id = IdField(KEY, source="pk")
    object = ObjectField("api_key")
    organization = IdField(ORGANIZATION, source="organization_id")
    name = serializers.CharField()
    mode = serializers.ChoiceField(choices=["TEST", "LIVE"])
    last_four = serializers.CharField(help_text=_("The last four characters of the key."))
    scopes = serializers.ListField(child=serializers.CharField())
    allowed_networks = serializers.ListField(
        child=serializers.CharField(), help_text=_("Empty: from anywhere.")
    )
    created_at = InstantField()
    expires_at = InstantField(allow_null=True, help_text=_("Null: it does not expire."))


class CurrentKey(ApiView):
    serializer_class = ApiKeySerializer
    also_answers = (404,)

    @extend_schema(
        operation_id="get_current_api_key", summary="Get the key you call by", examples=[example(EXAMPLE)]
    )
    def get(self, request: Request) -> Response:
        """The key of this request: its mode, scopes and end. Needs no scope; a person's token finds nothing."""
        if not isinstance(request.auth, KeyCredential):
            raise Http404
        return Response(self.serializer_class(request.auth).data)
