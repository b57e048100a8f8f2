"""People and the audit trail, for staff to look at. Opening a person's page is written into the trail."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import AuditEvent, Customer, Profile, User
from accounts.staff_actions import StaffActions
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    as_uuid,
    link,
    link_of,
    list_of,
    moment,
    time_of,
    yes_no,
)


class PersonalAdmin(ReadOnlyAdmin):
    """Pages that show a person's data: whoever opens one is named in the audit trail."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs["obj"]
        audit.record(
            action=f"{self.opts.app_label}.{self.opts.model_name}.viewed",
            target=obj,
            actor_id=request.user.pk,
        )
        return super().render_change_form(request, context, *args, **kwargs)


def people(term: str) -> QuerySet[User]:
    """The people a search means: by id, by the start of an e-mail address, or by handle with its @."""
    key = as_uuid(term)
    if key:
        return User.objects.filter(pk=key)
    if term.startswith("@"):
        return User.objects.filter(profile__handle=term[1:].lower())
    return User.objects.filter(email__startswith=term.lower())


@admin.register(User)
class UserAdmin(StaffActions, PersonalAdmin):
    list_display = ("email", "role", yes_no("is_active", _("Active")), time_of("created_at", _("Joined")))
    list_filter = ("role", "is_active", When)
    shown = (
        "id",
        "email",
        "role",
        yes_no("is_active", _("Active")),
        yes_no("is_superuser", _("Superuser")),
        "groups_shown",
        time_of("created_at", _("Joined")),
        time_of("last_login", _("Last log-in")),
    )
    search_help_text = _("By id, the start of an e-mail address, or @handle")

    @admin.display(description=_("Groups"))
    def groups_shown(self, user: User) -> str:
        return ", ".join(user.groups.order_by("name").values_list("name", flat=True)) or EMPTY

    def find(self, queryset: QuerySet[User], term: str) -> QuerySet[User]:
        return queryset.filter(pk__in=people(term))

    def panels(self, user: User) -> Iterable[Panel]:
        customer = Customer.objects.filter(pk=user.pk).select_related("user").first()
        if customer:
            row = [link(customer, _("Customer")), customer.get_status_display(), customer.tier]
            yield Panel(_("Customer"), [_("Page"), _("Status"), _("Tier")], [row])
        deeds = AuditEvent.objects.filter(actor_id=user.pk).order_by("-id")[:20]
        yield Panel(
            _("Latest deeds"),
            [_("Deed"), _("When"), _("From")],
            [[link(deed, deed.action), moment(deed.recorded_at), deed.ip or EMPTY] for deed in deeds],
            list_of(AuditEvent, actor_id=user.pk),
        )


class OfPersonAdmin(PersonalAdmin):
    """Rows whose key is the person's own."""

    search_help_text = UserAdmin.search_help_text
    list_select_related = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user")

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=people(term))


@admin.register(Customer)
class CustomerAdmin(OfPersonAdmin):
    list_display = ("email", "status", "tier", time_of("user.created_at", _("Joined")))
    list_filter = ("status", "lock_reason", "tier", When)
    shown = (
        link_of("user", _("User")),
        "profile_link",
        "status",
        "lock_reason",
        time_of("locked_at", _("Locked since")),
        "tier",
        "phone",
        "date_of_birth",
    )

    @admin.display(description=_("E-mail"))
    def email(self, customer: Customer) -> str:
        return customer.user.email

    @admin.display(description=_("Profile"))
    def profile_link(self, customer: Customer) -> SafeString | str:
        profile = Profile.objects.filter(pk=customer.pk).first()
        return link(profile, f"{profile.display_name} (@{profile.handle})") if profile else EMPTY


@admin.register(Profile)
class ProfileAdmin(OfPersonAdmin):
    list_display = ("handle", "display_name", link_of("user", _("User")))
    list_filter = (When,)
    shown = (link_of("user", _("User")), "handle", "display_name")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("action", time_of("recorded_at", _("When")), "actor_id", "target_type", "target_id", "ip")
    list_filter = (When,)
    shown = (
        "id",
        "action",
        time_of("recorded_at", _("When")),
        "actor",
        "actor_role",
        "target_type",
        "target_id",
        "data_shown",
        "ip",
        "user_agent",
        "request_id",
    )
    search_help_text = _("By the id of the event, of who did it, or of what it was done to")

    @admin.display(description=_("Who"))
    def actor(self, event: AuditEvent) -> SafeString | str:
        user = User.objects.filter(pk=event.actor_id).first() if event.actor_id else None
        return link(user) if user else EMPTY

    @admin.display(description=_("Data"))
    def data_shown(self, event: AuditEvent) -> SafeString:
        return pretty(event.data)

    def find(self, queryset: QuerySet[AuditEvent], term: str) -> QuerySet[AuditEvent]:
        key = as_uuid(term)
        if key is None:
            return queryset.filter(request_id=term)
        by_target = queryset.filter(target_id=str(key))
        return queryset.filter(pk=key) | queryset.filter(actor_id=key) | by_target


def pretty(data: Any) -> SafeString:
    """JSON as people read it."""
    return format_html("<pre>{}</pre>", json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True))
