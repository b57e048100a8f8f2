"""Referrals for staff: programmes and how they are run, who invited whom, and what was paid for it."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import audit, proposals
from accounts.models import Referral, ReferralBonus, ReferralProgram
from accounts.people_found import people
from accounts.personal import PersonalAdmin
from accounts.referral_forms import ProgramForm
from accounts.roles import EXPORT_REFERRALS, REFUSE_REFERRAL, RUN_PROGRAMS
from accounts.services import referrals
from accounts.services.referrals import approved
from accounts.staff_actions import ReasonForm
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.masking import masked_text
from core.spreadsheets import as_csv
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount,
    amount_of,
    as_uuid,
    link,
    link_of,
    list_of,
    moment,
    time_of,
)

proposals.register(
    proposals.ProposalPage(
        approved.CODE,
        ProgramForm,
        _("The programme before it ends on the day before. Its rules can never be changed."),
        lambda _approval: list_of(ReferralProgram),
    )
)
MOST_EXPORTED = 50_000
SHOWN_IN_PANEL = 50
EXPORTED = (
    *("id", "program__name", "state", "reason", "shown_as", "referrer_id", "invited_id"),
    *("joined_at", "qualified_at", "changed_at"),
)


@admin.register(ReferralProgram)
class ReferralProgramAdmin(ReadOnlyAdmin):
    change_form_template = "admin/accounts/referralprogram/object.html"
    change_list_template = "admin/accounts/referralprogram/list.html"
    list_display = (
        "name",
        "starts_on",
        "ends_on",
        "event",
        amount_of("budget", _("Money for it all"), currency="currency"),
        amount_of("spent", _("Set aside"), currency="currency"),
        time_of("ended_at", _("Ended by staff")),
    )
    list_filter = ("event", When)
    shown = (
        "id",
        *list_display,
        amount_of("minimum", _("A deposit of at least"), currency="currency"),
        "window_days",
        amount_of("invited_bonus", _("Bonus for the new customer"), currency="currency"),
        "levels_shown",
        "cap_referrals",
        amount_of("cap_amount", _("Money that one person earns, at most"), currency="currency"),
        "attribution_days",
        "clawback_days",
        "terms",
        link_of("made_by", _("Made by")),
        time_of("made_at", _("Made")),
        link_of("ended_by", _("Ended by")),
        "end_reason",
    )
    search_help_text = _("By its id, or the start of its name")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:key>/stop/", view(self.stop_view), name="accounts_referralprogram_stop"),
            *super().get_urls(),
        ]

    def find(self, queryset: QuerySet[ReferralProgram], term: str) -> QuerySet[ReferralProgram]:
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.filter(name__istartswith=term)

    @admin.display(description=_("Bonuses by level"))
    def levels_shown(self, program: ReferralProgram) -> str:
        return ", ".join(str(amount(each, program.currency)) for each in program.level_bonuses)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = request.user.has_perm(RUN_PROGRAMS)
        address = reverse("admin:accounts_propose", args=[approved.CODE]) if may else ""
        return super().changelist_view(request, {**(extra_context or {}), "make_url": address})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        program = kwargs["obj"]
        if program.ended_at is None and request.user.has_perm(RUN_PROGRAMS):
            context["stop_url"] = reverse("admin:accounts_referralprogram_stop", args=[program.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, program: ReferralProgram) -> Iterable[Panel]:
        latest = Referral.objects.filter(program=program).order_by("-pk")[:SHOWN_IN_PANEL]
        yield Panel(
            _("Latest referrals"),
            [_("Referral"), _("State"), _("Joined")],
            [[link(each), each.get_state_display(), moment(each.joined_at)] for each in latest],
            list_of(Referral, program__id__exact=program.pk),
        )

    def stop_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """End a programme at once. Raises PermissionDenied."""
        _require(request, RUN_PROGRAMS)
        program = get_object_or_404(ReferralProgram, pk=key)
        run = partial(_stop, request, program)
        text = _("Nobody joins under it any more. Who has joined may still qualify, and is paid.")
        answer: HttpResponse = _deed(
            request, _("End the programme"), text, ReasonForm, run, _page_of(program)
        )
        return answer


@admin.register(Referral)
class ReferralAdmin(PersonalAdmin):
    change_form_template = "admin/accounts/referral/object.html"
    change_list_template = "admin/accounts/referral/list.html"
    linked_by = ("program__id__exact", "referrer__id__exact")
    list_display = (
        "shown_as",
        link_of("referrer", _("Invited by")),
        link_of("invited", _("Who came")),
        "state",
        "reason",
        link_of("program", _("Programme")),
        time_of("joined_at", _("Joined")),
        time_of("qualified_at", _("Qualified")),
    )
    list_filter = ("state", "reason", When)
    list_select_related = ("referrer", "invited", "program")
    shown = (
        "id",
        *list_display,
        time_of("invited_at", _("Mailed")),
        time_of("qualify_by", _("Until")),
        "reference",
        "told",
    )
    search_help_text = _("By id, what qualified it, or the start of an e-mail address")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("export/", view(self.export_view), name="accounts_referral_export"),
            path("<uuid:key>/refuse/", view(self.refuse_view), name="accounts_referral_refuse"),
            *super().get_urls(),
        ]

    def find(self, queryset: QuerySet[Referral], term: str) -> QuerySet[Referral]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(reference=key) | Q(referrer=key) | Q(invited=key))
        found = people(term)
        return queryset.filter(Q(referrer__in=found) | Q(invited__in=found))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        address = reverse("admin:accounts_referral_export") if request.user.has_perm(EXPORT_REFERRALS) else ""
        query = f"?{urlencode(request.GET)}" if request.GET else ""
        context = {**(extra_context or {}), "export_url": address and address + query}
        return super().changelist_view(request, context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        referral = kwargs["obj"]
        settled = (Referral.State.PAID, Referral.State.REFUSED, Referral.State.CLAWED_BACK)
        if referral.state not in settled and request.user.has_perm(REFUSE_REFERRAL):
            context["refuse_url"] = reverse("admin:accounts_referral_refuse", args=[referral.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, referral: Referral) -> Iterable[Panel]:
        yield Panel(
            _("Bonuses"),
            [_("For"), _("Level"), _("Amount"), _("State"), _("Why"), _("Waits for"), _("Settled")],
            [
                [
                    link(each.beneficiary),
                    each.level,
                    amount(each.amount, each.currency),
                    link(each, each.get_state_display()),
                    each.get_reason_display() or EMPTY,
                    each.waits_for or EMPTY,
                    moment(each.settled_at),
                ]
                for each in referral.bonuses.select_related("beneficiary").order_by("level")
            ],
        )
        yield Panel(
            _("What became of it"),
            [_("From"), _("To"), _("Why"), _("When"), _("By")],
            [
                [
                    each.was or EMPTY,
                    each.get_state_display(),
                    each.get_reason_display() or EMPTY,
                    moment(each.at),
                    each.actor_id or EMPTY,
                ]
                for each in referral.history.order_by("id")
            ],
        )

    def refuse_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Refuse a referral before it is paid. Raises PermissionDenied."""
        _require(request, REFUSE_REFERRAL)
        referral = get_object_or_404(Referral, pk=key)
        run = partial(_refuse, request, referral)
        text = _("Nobody is paid for it. Its inviter reads that it does not fit the rules, not why.")
        answer: HttpResponse = _deed(request, _("Refuse"), text, ReasonForm, run, _page_of(referral))
        return answer

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """The list as it is filtered, as CSV: written down with filter and number of rows. Raises PermissionDenied."""
        _require(request, EXPORT_REFERRALS)
        if request.method != "GET":
            raise PermissionDenied
        found = self.get_changelist_instance(request).queryset.order_by("-pk")
        rows = list(found.values_list(*EXPORTED)[:MOST_EXPORTED])
        asked = {name: masked_text(str(value))[:200] for name, value in request.GET.items() if value}
        audit.record(
            action="accounts.referral.exported", actor_id=request.user.pk, asked=asked, rows=len(rows)
        )
        answer = HttpResponse(as_csv(EXPORTED, rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="referrals-{timezone.localdate()}.csv"'
        answer["Cache-Control"] = "no-store"
        return answer


@admin.register(ReferralBonus)
class ReferralBonusAdmin(PersonalAdmin):
    linked_by = ("referral__id__exact", "beneficiary__id__exact")
    list_display = (
        "id",
        link_of("beneficiary", _("For")),
        "level",
        "state",
        "reason",
        "waits_for",
        time_of("settled_at", _("Settled")),
        amount_of("amount", _("Amount"), currency="currency"),
    )
    list_filter = ("state", "level", "reason", When)
    list_select_related = ("beneficiary",)
    shown = (
        "id",
        link_of("referral", _("Referral")),
        *list_display[1:],
        "posting_id",
        "clawback_id",
    )
    search_help_text = _("By id, posting, referral, or the start of an e-mail address")

    def find(self, queryset: QuerySet[ReferralBonus], term: str) -> QuerySet[ReferralBonus]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(posting_id=key) | Q(referral=key) | Q(beneficiary=key))
        return queryset.filter(beneficiary__in=people(term))


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


@step_up_required
def _deed(
    request: HttpRequest,
    title: str | Promise,
    text: str | Promise,
    form_class: type[forms.Form],
    run: Any,
    back: str,
) -> HttpResponse:
    """Ask who it is once more and for what the deed needs, and on a POST do it."""
    form = form_class(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            done: HttpResponse = run(form, timezone.now())
            return done
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    context = {**admin.site.each_context(request), "title": title, "text": text, "form": form, "back": back}
    return render(request, "admin/accounts/referral/deed.html", context, status=422 if form.is_bound else 200)


def _stop(request: HttpRequest, program: ReferralProgram, form: ReasonForm, at: datetime) -> HttpResponse:
    reason = form.cleaned_data["reason"]
    referrals.end_program(program_id=program.pk, by=request.user, reason=reason, at=at)  # type: ignore[arg-type]
    messages.success(request, _("The programme is ended."))
    return redirect(_page_of(program))


def _refuse(request: HttpRequest, referral: Referral, form: ReasonForm, at: datetime) -> HttpResponse:
    reason = form.cleaned_data["reason"]
    referrals.refuse(referral_id=referral.pk, by=request.user, reason=reason, at=at)  # type: ignore[arg-type]
    messages.success(request, _("The referral is refused."))
    return redirect(_page_of(referral))


def _page_of(obj: Model) -> str:
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])
