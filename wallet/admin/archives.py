"""Months that leave the database for files: how far each is, and the hashes by which it is known again."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent
from core.models import Archive
from core.staff import Panel, ReadOnlyAdmin, as_uuid, link, moment, time_of

LATEST = 20


@admin.register(Archive)
class ArchiveAdmin(ReadOnlyAdmin):
    list_display = (
        "partition",
        "state",
        "rows",
        time_of("detached_at", _("Taken out")),
        time_of("dropped_at", _("Dropped here")),
        "content_hex",
    )
    list_filter = ("state", "parent")
    shown = (
        "partition",
        "parent",
        "state",
        "rows",
        time_of("since", _("From")),
        time_of("until", _("Until")),
        "content_hex",
        time_of("begun_at", _("Begun")),
        time_of("written_at", _("Written")),
        time_of("verified_at", _("Read back and verified")),
        time_of("detached_at", _("Taken out")),
        time_of("dropped_at", _("Dropped here")),
        time_of("restored_at", _("Brought back")),
    )
    search_help_text = _("By id, or the start of the name, as wallet_transaction_y2024m01")

    def find(self, queryset: QuerySet[Archive], term: str) -> QuerySet[Archive]:
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.filter(partition__startswith=term)

    @admin.display(description=_("Hash of all rows"))
    def content_hex(self, month: Archive) -> str:
        return bytes(month.content).hex()

    def panels(self, month: Archive) -> Iterable[Panel]:
        yield Panel(
            _("Files"),
            [_("Name"), _("Rows"), _("Bytes"), "SHA-256"],
            [[part["name"], part["rows"], part["bytes"], part["sha256"]] for part in month.parts],
        )
        told = AuditEvent.objects.filter(target_type=Archive._meta.label_lower, target_id=str(month.pk))
        yield Panel(
            _("What was done"),
            [_("When"), _("What")],
            [[_linked(event), event.action] for event in told.order_by("-id")[:LATEST]],
        )


def _linked(event: AuditEvent) -> SafeString | Any:
    return link(event, moment(event.recorded_at))
