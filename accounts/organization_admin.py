"""Organisations and who belongs to them, for staff to look at."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization
from accounts.people_found import people
from accounts.personal import PersonalAdmin
from core.api.ids import encode
from core.masking import masked_email
from core.staff import EMPTY, Panel, When, as_uuid, link, link_of, list_of, moment, time_of

SHOWN_IN_PANEL = 20


@admin.register(Organization)
class OrganizationAdmin(PersonalAdmin):
    list_display = ("name", "slug", time_of("created_at", _("Founded")), time_of("closed_at", _("Closed")))
    list_filter = (When,)
    shown = (
        "id",
        "name",
        "slug",
        time_of("created_at", _("Founded")),
        time_of("closed_at", _("Closed")),
    )
    search_help_text = _("By id, by the word in its address, or by a member as in the list of users")

    def find(self, queryset: QuerySet[Organization], term: str) -> QuerySet[Organization]:
        key = as_uuid(term)
        if key and queryset.filter(pk=key).exists():
            return queryset.filter(pk=key)
        if key or "@" in term:
            return queryset.filter(
                pk__in=Membership.objects.filter(user__in=people(term)).values("organization")
            )
        return queryset.filter(slug=term.lower())

    def panels(self, organization: Organization) -> Iterable[Panel]:
        members = organization.memberships.select_related("user").order_by("-pk")[:SHOWN_IN_PANEL]
        yield Panel(
            _("Members"),
            [_("Person"), _("Role"), _("Since")],
            [[link(each.user), each.get_role_display(), moment(each.created_at)] for each in members],
            list_of(Membership, organization_id=organization.pk),
        )
        offers = organization.invitations.standing().order_by("-pk")[:SHOWN_IN_PANEL]
        yield Panel(
            _("Open invitations"),
            [_("To"), _("Role"), _("Until")],
            [[masked_email(each.email), each.get_role_display(), moment(each.expires_at)] for each in offers],
        )
        keys = organization.api_keys.select_related("created_by").order_by("-pk")[:SHOWN_IN_PANEL]
        yield Panel(
            _("Keys"),
            [_("Name"), _("Id"), _("Mode"), _("Ends with"), _("Made by"), _("Last used"), _("Revoked")],
            [
                [
                    key.name,
                    encode("key", key.pk),
                    key.get_mode_display(),
                    key.last_four,
                    link(key.created_by),
                    moment(key.last_used_at),
                    moment(key.revoked_at) if key.revoked_at else EMPTY,
                ]
                for key in keys
            ],
        )


@admin.register(Membership)
class MembershipAdmin(PersonalAdmin):
    linked_by = ("organization_id",)
    list_display = (
        "id",
        link_of("organization", _("Organisation")),
        link_of("user", _("User")),
        "role",
        time_of("created_at", _("Since")),
    )
    list_filter = ("role", When)
    list_select_related = ("organization", "user")
    shown = (
        "id",
        link_of("organization", _("Organisation")),
        link_of("user", _("User")),
        "role",
        time_of("created_at", _("Since")),
    )
    search_help_text = _("By the id of the organisation, or by a person as in the list of users")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("organization", "user")

    def find(self, queryset: QuerySet[Membership], term: str) -> QuerySet[Membership]:
        key = as_uuid(term)
        if key and Organization.objects.filter(pk=key).exists():
            return queryset.filter(organization=key)
        return queryset.filter(user__in=people(term))
