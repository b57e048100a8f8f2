"""The audit trail, for staff to search: who, what kind of deed, on what, in which request, from where, when.

A person and a target are found by index. What has none (a kind of deed, an address) is looked for in the last
`DAYS` days unless a time is given; a request's id tells its own time.
"""

from collections import Counter
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.audit import BY_KEY
from accounts.models import AuditEvent, User
from accounts.people_found import people
from accounts.personal import PersonalAdmin
from core.api.ids import UnknownId, decode, encode
from core.ids import timestamp_of, uuid7_at
from core.staff import AFTER, BEFORE, EMPTY, When, as_uuid, link, link_to_row, pretty, time_of

DAYS = 31
# How much later than its request a deed may be written: longer than any request may run.
REQUEST_LASTS = timedelta(minutes=15)
PEOPLE_AT_MOST = 20
# Facets count the newest of what was found, so that they cost the same at any size.
COUNTED = 500
FACETS = ("action", "actor_role", "target_type")
PERSONAL_TARGETS = ("accounts.user", "accounts.customer", "accounts.profile")

Events = QuerySet[AuditEvent]


class SearchForm(forms.Form):
    """What to look for; an empty field asks for nothing."""

    person = forms.CharField(label=_("Person"), help_text=_("E-mail, @handle or id"), required=False)
    action = forms.CharField(label=_("Deed begins with"), required=False, max_length=80)
    key = forms.CharField(label=_("By API key"), help_text=_("Id, or key_…"), required=False)
    target = forms.CharField(
        label=_("Done to"), help_text=_("Id, or kind such as wallet.account"), required=False
    )
    request = forms.CharField(label=_("Request id"), required=False)
    ip = forms.GenericIPAddressField(label=_("From address"), required=False)
    since = forms.DateTimeField(
        label=_("Since"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    until = forms.DateTimeField(
        label=_("Until"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )


def search(events: Events, wanted: dict[str, Any], *, at: datetime) -> Events:
    """Return the events that match everything wanted."""
    found, is_indexed = events, False
    if wanted.get("person"):
        found, is_indexed = found.filter(_of_person(wanted["person"])), True
    if wanted.get("target"):
        row = as_uuid(wanted["target"])
        named = (
            Q(target_id=str(row)) if row else Q(target_id=wanted["target"]) | Q(target_type=wanted["target"])
        )
        found = found.filter(named)
    if wanted.get("key"):
        key = _key_of(wanted["key"])
        found = found.filter(**{f"data__{BY_KEY}": str(key)}) if key else found.none()
    if wanted.get("request"):
        found, is_indexed = _of_request(found, wanted["request"]), True
    if wanted.get("action"):
        found = found.filter(action__startswith=wanted["action"])
    if wanted.get("ip"):
        found = found.filter(ip=str(ip_address(wanted["ip"])))
    since, until = wanted.get("since"), wanted.get("until")
    if not since and not is_indexed and any(wanted.get(name) for name in ("action", "ip", "key", "target")):
        since = (until or at) - timedelta(days=DAYS)
    if since:
        found = found.filter(pk__gte=uuid7_at(since))
    if until:
        found = found.filter(pk__lt=uuid7_at(until))
    return found


def _key_of(text: str) -> UUID | None:
    """The id of an API key, as staff or as programs write it."""
    try:
        return as_uuid(text) or decode("key", text.strip())
    except UnknownId:
        return None


def _of_person(text: str) -> Q:
    """What a person did, and what was done to them."""
    key = as_uuid(text)
    keys = [key] if key else list(people(text.strip()).values_list("pk", flat=True)[:PEOPLE_AT_MOST])
    return Q(actor_id__in=keys) | Q(
        target_type__in=PERSONAL_TARGETS, target_id__in=[str(key) for key in keys]
    )


def _of_request(events: Events, name: str) -> Events:
    name = name.strip()
    try:
        began = timestamp_of(decode("req", name))
        around = uuid7_at(began - REQUEST_LASTS), uuid7_at(began + REQUEST_LASTS)
    except ValueError:
        return events.none()
    return events.filter(request_id=name, pk__gte=around[0], pk__lt=around[1])


class Asked(admin.SimpleListFilter):
    """One field of the search, taken out of the address; the whole of it is applied by `AuditEventAdmin`."""

    title = ""
    template = "admin/no_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Any:
        return iter(())

    def queryset(self, request: HttpRequest, queryset: Events) -> Events:
        return queryset


def asked(name: str) -> type[Asked]:
    return type(f"Asked{name.title()}", (Asked,), {"parameter_name": name, "title": name})


class AuditEventAdmin(PersonalAdmin):
    """Who reads of people in the trail is written into it too."""

    change_list_template = "admin/audit_list.html"
    list_display = (
        "action",
        time_of("recorded_at", _("When")),
        "who",
        "target",
        "request_id",
        "ip",
    )
    linked_by = ("actor_id", "actor_role", "target_type", "target_id")
    list_filter = (When, *[asked(name) for name in SearchForm.base_fields])
    shown = (
        "id",
        "action",
        time_of("recorded_at", _("When")),
        "actor",
        "actor_role",
        "target",
        "data_shown",
        "ip",
        "user_agent",
        "request_id",
    )
    search_help_text = _("By the id of the event, of who did it, or of what it was done to")

    @admin.display(description=_("Who"))
    def who(self, event: AuditEvent) -> SafeString | str:
        if event.actor_id:
            return link_to_row(User, event.actor_id)
        key = event.data.get(BY_KEY)
        return encode("key", UUID(key)) if key else event.actor_role or EMPTY

    @admin.display(description=_("Who"))
    def actor(self, event: AuditEvent) -> SafeString | str:
        user = User.objects.filter(pk=event.actor_id).first() if event.actor_id else None
        return link(user) if user else self.who(event)

    @admin.display(description=_("Done to"))
    def target(self, event: AuditEvent) -> str:
        return f"{event.target_type} {event.target_id}" if event.target_id else EMPTY

    @admin.display(description=_("Data"))
    def data_shown(self, event: AuditEvent) -> SafeString:
        return pretty(event.data)

    def get_queryset(self, request: HttpRequest) -> Events:
        events: Events = super().get_queryset(request)
        form = self._form(request)
        if not form.is_bound:
            return events
        return search(events, form.cleaned_data, at=timezone.now()) if form.is_valid() else events.none()

    def find(self, queryset: Events, term: str) -> Events:
        key = as_uuid(term)
        if key is None:
            return _of_request(queryset, term)
        by_target = queryset.filter(target_id=str(key))
        return queryset.filter(pk=key) | queryset.filter(actor_id=key) | by_target

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        form = self._form(request)
        answer = super().changelist_view(request, {**(extra_context or {}), "form": form})
        if hasattr(answer, "context_data") and "cl" in (answer.context_data or {}):
            answer.context_data["facets"] = facets(answer.context_data["cl"].queryset, request)
        return answer

    def _form(self, request: HttpRequest) -> SearchForm:
        """Bound when the address asks for something, and then the same for list and page."""
        if any(request.GET.get(name) for name in SearchForm.base_fields):
            return SearchForm(request.GET)
        return SearchForm()


def facets(events: Events, request: HttpRequest) -> list[dict[str, Any]]:
    """How often each kind of deed, role and target stands among the newest found, with the address of only those."""
    rows = list(events.order_by("-pk").values_list(*FACETS)[:COUNTED])
    titles: dict[str, Any] = {
        "action": _("Deed"),
        "actor_role": _("Role"),
        "target_type": _("Kind of target"),
    }
    return [
        {
            "title": titles[name],
            "choices": [
                {"label": value, "count": count, "address": _narrowed(request, name, value)}
                for value, count in Counter(row[place] for row in rows if row[place]).most_common(8)
            ],
        }
        for place, name in enumerate(FACETS)
    ]


def _narrowed(request: HttpRequest, name: str, value: str) -> str:
    asked_for = {
        key: str(value) for key, value in request.GET.items() if key not in (BEFORE, AFTER) and value
    }
    return "?" + urlencode({**asked_for, name: value})
