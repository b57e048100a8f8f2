"""People, for staff to look at."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import (  # they register their pages
    approval_admin,  # noqa: F401
    factor_reset_admin,  # noqa: F401
    failed_task_admin,  # noqa: F401
    figures,  # noqa: F401
    kyc_admin,  # noqa: F401
    notice_admin,  # noqa: F401
    organization_admin,  # noqa: F401
    referral_admin,  # noqa: F401
    screening_admin,  # noqa: F401
    status_words,
    webhook_admin,  # noqa: F401
)
from accounts.audit_admin import AuditEventAdmin
from accounts.models import AuditEvent, Customer, CustomerStatusChange, Profile, User
from accounts.people_found import people
from accounts.personal import PersonalAdmin, date_of_birth_shown, email_of, phone_shown
from accounts.staff_actions import StaffActions
from core.staff import (
    EMPTY,
    Panel,
    When,
    link,
    link_of,
    list_of,
    moment,
    time_of,
    yes_no,
)

admin.site.register(AuditEvent, AuditEventAdmin)


@admin.register(User)
class UserAdmin(StaffActions, PersonalAdmin):
    reveals = True
    list_display = ("address", "role", yes_no("is_active", _("Active")), time_of("created_at", _("Joined")))
    list_filter = ("role", "is_active", When)
    shown = (
        "id",
        "address",
        "role",
        yes_no("is_active", _("Active")),
        yes_no("is_superuser", _("Superuser")),
        "groups_shown",
        time_of("created_at", _("Joined")),
        time_of("last_login", _("Last log-in")),
    )
    search_help_text = _("By id, the start of an e-mail address, or @handle")

    @admin.display(description=_("E-mail"))
    def address(self, user: User) -> str:
        return email_of(user, user)

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
    reveals = True
    list_display = ("email", "status", "tier", time_of("user.created_at", _("Joined")))
    list_filter = ("status", "lock_reason", "tier", When)
    shown = (
        link_of("user", _("User")),
        "email",
        "profile_link",
        "status",
        "lock_reason",
        time_of("locked_at", _("Locked since")),
        "tier",
        phone_shown,
        date_of_birth_shown,
    )

    @admin.display(description=_("E-mail"))
    def email(self, customer: Customer) -> str:
        return email_of(customer, customer.user)

    def panels(self, customer: Customer) -> Iterable[Panel]:
        changes = CustomerStatusChange.objects.filter(customer=customer).select_related("by__profile")
        columns = [_("When"), _("From"), _("To"), _("Reason"), _("By"), _("Until"), _("For colleagues")]
        yield Panel(_("Status"), columns, [_status_row(change) for change in changes.order_by("-id")[:20]])

    @admin.display(description=_("Profile"))
    def profile_link(self, customer: Customer) -> SafeString | str:
        profile = Profile.objects.filter(pk=customer.pk).first()
        return link(profile, f"{profile.display_name} (@{profile.handle})") if profile else EMPTY


def _status_row(change: CustomerStatusChange) -> list[Any]:
    by = (change.by.display_name or change.by.staff_name) if change.by else EMPTY
    return [
        moment(change.at),
        change.get_from_status_display(),
        change.get_to_status_display(),
        status_words.label(change.reason_code),
        by if change.cause == CustomerStatusChange.Cause.STAFF else change.get_cause_display(),
        moment(change.until),
        change.text or EMPTY,
    ]


@admin.register(Profile)
class ProfileAdmin(OfPersonAdmin):
    list_display = ("handle", "display_name", link_of("user", _("User")))
    list_filter = (When,)
    shown = (link_of("user", _("User")), "handle", "display_name")
