"""Organisations over the API. Row security says which there are: a person's own, or the one whose key calls."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.organizations import examples
from accounts.api.organizations.scopes import ORGANIZATIONS_READ, ORGANIZATIONS_WRITE
from accounts.api.organizations.serializers import (
    MEMBER,
    ORGANIZATION,
    InvitationInput,
    InvitationSerializer,
    MemberSerializer,
    OrganizationSerializer,
)
from accounts.models import Membership, Organization, User
from accounts.services import invitations, organizations
from core import idempotency
from core.api import ids
from core.api.pagination import CursorPagination
from core.api.schema import example
from core.api.views import ApiView
from core.errors import DomainError

_MEMBER_PARAMETER = OpenApiParameter(
    "member", {"type": "string", "pattern": ids.pattern(MEMBER)}, OpenApiParameter.PATH
)


class PersonNeeded(DomainError):
    """An organisation's key has no role in it: only a person invites and removes."""

    code = "person_needed"
    kind = "forbidden"
    message = _("Only a person may do this, not an organisation's key.")


class OrganizationList(ApiView, ListAPIView[Organization]):
    serializer_class = OrganizationSerializer
    pagination_class = CursorPagination
    cursor_prefix = ORGANIZATION
    required_scope = ORGANIZATIONS_READ

    def get_queryset(self) -> QuerySet[Organization]:
        return visible(self.request)

    @extend_schema(
        operation_id="list_organizations",
        summary="List your organisations",
        examples=[example(examples.ORGANIZATION)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The organisations you belong to, newest first; for a key, the one it belongs to."""
        return self.list(request)


class OrganizationDetail(ApiView):
    serializer_class = OrganizationSerializer
    key_prefix = ORGANIZATION
    required_scope = ORGANIZATIONS_READ

    @extend_schema(
        operation_id="get_organization",
        summary="Get an organisation",
        examples=[example(examples.ORGANIZATION)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your organisations."""
        return Response(self.serializer_class(get_object_or_404(visible(request), pk=self.key())).data)


class MemberList(ApiView, ListAPIView[Membership]):
    serializer_class = MemberSerializer
    key_prefix = ORGANIZATION
    pagination_class = CursorPagination
    cursor_prefix = MEMBER
    required_scope = ORGANIZATIONS_READ

    def get_queryset(self) -> QuerySet[Membership]:
        organization = get_object_or_404(visible(self.request), pk=self.key())
        return organization.memberships.all()

    def paginate_queryset(self, queryset: QuerySet[Membership]) -> list[Membership]:  # type: ignore[override]
        page: list[Membership] = super().paginate_queryset(queryset)  # type: ignore[assignment]
        organizations.know(page)
        return page

    @extend_schema(
        operation_id="list_members",
        summary="List an organisation's members",
        examples=[example(examples.MEMBER)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who belongs to an organisation of yours, and as what, newest first."""
        return self.list(request)


class MemberDetail(ApiView):
    key_prefix = ORGANIZATION
    required_scope = ORGANIZATIONS_WRITE

    @extend_schema(
        operation_id="remove_member",
        summary="Remove a member",
        parameters=[_MEMBER_PARAMETER],
        responses={204: None},
    )
    def delete(self, request: Request, id: str, member: str) -> Response:
        """Take someone out of an organisation of yours. Owners remove anybody, administrators members."""
        organizations.remove(
            organization_id=self.key(), membership_id=_key(member), by=person(request), at=timezone.now()
        )
        return Response(status=204)


class InvitationCreate(ApiView):
    serializer_class = InvitationSerializer
    key_prefix = ORGANIZATION
    required_scope = ORGANIZATIONS_WRITE
    idempotent = True

    @extend_schema(
        operation_id="create_invitation",
        summary="Invite someone",
        request=InvitationInput,
        responses={201: InvitationSerializer},
        examples=[example(examples.INVITATION_INPUT, request=True), example(examples.INVITATION)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Mail someone a link by which to join, in place of an earlier one to the same address."""
        order, by, key = self.body(InvitationInput), person(request), self.key()
        return idempotency.once(request, lambda _posting_id: self._invite(order, by, key))

    def _invite(self, order: dict[str, Any], by: User, key: UUID) -> Response:
        invitation, _token = invitations.invite(organization_id=key, by=by, at=timezone.now(), **order)
        return Response(self.serializer_class(invitation).data, status=201)


def visible(request: Request) -> QuerySet[Organization]:
    """The open organisations of whoever asks. A key has no memberships: row security shows it its own one."""
    known = Organization.objects.open()
    return known.visible_to(request.user) if isinstance(request.user, User) else known


def person(request: Request) -> User:
    """The person who asks. Raises PersonNeeded."""
    if not isinstance(request.user, User):
        raise PersonNeeded
    return request.user


class PersonOnly(BasePermission):
    """Lets through people and their apps. Raises PersonNeeded for an organisation's key."""

    refusals = (PersonNeeded,)

    def has_permission(self, request: Request, view: APIView) -> bool:
        person(request)
        return True


def _key(text: str) -> UUID:
    try:
        return ids.decode(MEMBER, text)
    except ids.UnknownId:
        raise Http404 from None
