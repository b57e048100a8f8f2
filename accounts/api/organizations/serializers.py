"""What goes in (strictly) and what comes out."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Invitation, Membership, Organization
from core.api.ids import IdField
from core.api.serializers import InstantField, ObjectField, StrictSerializer

ORGANIZATION, MEMBER, INVITATION = "org", "mem", "inv"
ROLES_TOLD = _("OWNER, ADMIN, MEMBER.")


class OrganizationSerializer(serializers.Serializer[Organization]):
    """An organisation that the caller belongs to, or speaks for."""

    id = IdField(ORGANIZATION)
    object = ObjectField("organization")
    name = serializers.CharField()
    slug = serializers.CharField(help_text=_("Stands in addresses of its pages; never changes."))
    created_at = InstantField()


class MemberPersonSerializer(serializers.Serializer[Any]):
    """As much of a person as those see who belong to the same organisation."""

    handle = serializers.CharField()
    display_name = serializers.CharField()


class MemberSerializer(serializers.Serializer[Membership]):
    """Who somebody is in an organisation. The person is null for one without a profile, such as staff."""

    id = IdField(MEMBER)
    object = ObjectField("member")
    role = serializers.CharField(help_text=ROLES_TOLD)
    person = MemberPersonSerializer(source="user.profile", default=None, allow_null=True, read_only=True)
    created_at = InstantField()


class InvitationInput(StrictSerializer):
    """Whom to invite, as what."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Membership.Role.choices, default=Membership.Role.MEMBER)


class InvitationSerializer(serializers.Serializer[Invitation]):
    """An offer to join, sent by mail. The link stands in the mail only."""

    id = IdField(INVITATION)
    object = ObjectField("invitation")
    email = serializers.EmailField()
    role = serializers.CharField(help_text=ROLES_TOLD)
    created_at = InstantField()
    expires_at = InstantField()
