"""Buckets, for staff: what they hold, whose it is, and the rules by which people reach it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.staff import EMPTY, Panel, ReadOnlyAdmin, link, moment, time_of, yes_no
from storage_app.models import Bucket, BucketRule, Object, ObjectVersion, Usage
from storage_app.services import rules
from storage_app.services.buckets import Rules

CHANGE_RULES = "storage_app.change_bucket_rules"
Who, What, Scan = BucketRule.Who, BucketRule.What, ObjectVersion.Scan
_SHOWN = 20


class RulesForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the audit trail."),
    )
    rules = forms.MultipleChoiceField(
        required=False, choices=[(f"{who} {what}", "") for who, what in rules.BLOCKS]
    )

    @property
    def blocks(self) -> Rules:
        chosen = (text.partition(" ") for text in self.cleaned_data["rules"])
        return [(who, what) for who, _space, what in chosen]


@admin.register(Bucket)
class BucketAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        yes_no("public", _("Public")),
        "files_count",
        "bytes_count",
        time_of("created_at", _("Made")),
    )
    list_filter = ("public",)
    search_help_text = _("By the start of its name")
    change_form_template = "admin/storage_app/bucket/object.html"
    shown = (
        "id",
        yes_no("public", _("Public")),
        "limit_shown",
        "types_shown",
        "quota_shown",
        "keep_versions",
        "epoch",
        "files_count",
        "bytes_count",
        time_of("created_at", _("Made")),
        time_of("updated_at", _("Changed")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = found.annotate(
            all_files=Sum("usage__objects_count"), all_bytes=Sum("usage__bytes_count")
        )
        return counted

    def find(self, queryset: QuerySet[Bucket], term: str) -> QuerySet[Bucket]:
        return queryset.filter(pk__startswith=term)

    @admin.display(description=_("Files"))
    def files_count(self, bucket: Any) -> int:
        return bucket.all_files or 0

    @admin.display(description=_("Size"))
    def bytes_count(self, bucket: Any) -> str:
        return filesizeformat(bucket.all_bytes or 0)

    @admin.display(description=_("Largest file"))
    def limit_shown(self, bucket: Bucket) -> str:
        return EMPTY if bucket.file_size_limit is None else filesizeformat(bucket.file_size_limit)

    @admin.display(description=_("Types allowed"))
    def types_shown(self, bucket: Bucket) -> str:
        return ", ".join(bucket.allowed_mime_types or ()) or str(_("All"))

    @admin.display(description=_("One person’s share"))
    def quota_shown(self, bucket: Bucket) -> str:
        size = EMPTY if bucket.quota_bytes is None else filesizeformat(bucket.quota_bytes)
        files = EMPTY if bucket.quota_objects is None else bucket.quota_objects
        return str(_("%(size)s, %(files)s files") % {"size": size, "files": files})

    def panels(self, bucket: Bucket) -> Iterable[Panel]:
        held = rules.rules_of(bucket=bucket)
        yield Panel(
            _("Who may do what"),
            ["", *What.labels],
            [
                [label, *[_("Yes") if (who, what) in held else EMPTY for what in What.values]]
                for who, label in Who.choices
                if any((who, what) in held for what in What.values)
            ],
        )
        most = Usage.objects.filter(bucket=bucket, bytes_count__gt=0).select_related("owner")
        yield Panel(
            _("Who fills it most"),
            [_("Person"), _("Files"), _("Size")],
            [
                [link(row.owner) if row.owner else EMPTY, row.objects_count, filesizeformat(row.bytes_count)]
                for row in most.order_by("-bytes_count", "pk")[:_SHOWN]
            ],
        )
        yield from _kept_back(bucket)

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<path:object_id>/rules/",
            self.admin_site.admin_view(self.rules_view),
            name="storage_app_bucket_rules",
        )
        return [page, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.user.has_perm(CHANGE_RULES):
            context["rules_url"] = reverse("admin:storage_app_bucket_rules", args=[kwargs["obj"].pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def rules_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let in who may change rules, and proves once more who they are. Raises PermissionDenied."""
        if not request.user.has_perm(CHANGE_RULES):
            raise PermissionDenied
        answer: HttpResponse = self.admin_site.after_proof(self._rules_page)(request, object_id)  # type: ignore[attr-defined]
        return answer

    def _rules_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show every block with those that hold ticked; a POST lets exactly the ticked ones hold."""
        bucket = get_object_or_404(Bucket, pk=object_id)
        form = RulesForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            rules.set_rules(
                bucket_id=bucket.pk,
                rules=form.blocks,
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
            messages.success(request, str(_("These are the rules from now on.")))
            return redirect("admin:storage_app_bucket_change", bucket.pk)
        ticked = (
            {tuple(text.split(" ")) for text in form.data.getlist("rules")}  # type: ignore[attr-defined]
            if form.is_bound
            else rules.rules_of(bucket=bucket)
        )
        context = {
            **self.admin_site.each_context(request),
            "bucket": bucket,
            "form": form,
            "columns": What.labels,
            "rows": [
                (
                    label,
                    [
                        (f"{who} {what}", verb, (who, what) in rules.BLOCKS, (who, what) in ticked)
                        for what, verb in What.choices
                    ],
                )
                for who, label in Who.choices
            ],
        }
        status = 422 if form.is_bound else 200
        return render(request, "admin/storage_app/bucket/rules.html", context, status=status)


def _kept_back(bucket: Bucket) -> Iterable[Panel]:
    held_back = ObjectVersion.objects.filter(
        object__bucket=bucket, scan__in=[Scan.WAITING, Scan.INFECTED, Scan.DECLINED]
    )
    counted = held_back.values("scan").annotate(number=Count("pk")).order_by("scan")
    if counts := {row["scan"]: row["number"] for row in counted}:
        yield Panel(
            _("Kept back by the scanner"),
            [_("State"), _("Versions")],
            [[Scan(state).label, number] for state, number in counts.items()],
        )
    found = held_back.filter(scan=Scan.INFECTED).select_related("object").order_by("-pk")[:_SHOWN]
    if found:
        yield Panel(
            _("Something harmful found"),
            [_("File"), _("When it came")],
            [[_name(version.object), moment(version.created_at)] for version in found],
        )


def _name(object: Object) -> str:
    return object.name
