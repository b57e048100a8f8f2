"""A merchant's money: who paid, giving it back, and what the days came to."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.db.transaction import on_commit
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import posting_id_of
from core.spreadsheets import as_csv
from core.templatetags.money import money
from wallet import merchant_words, money_in_tasks
from wallet.merchant_forms import PaymentFilter, RefundForm, ReportFilter
from wallet.models import MerchantPayment, MerchantRefund
from wallet.refusals import InsufficientFunds
from wallet.services.merchants import refunds, reports
from wallet.views.merchants import Desk, desk_of, managed_desk

PAGE, DAYS = 30, 30


@never_cache
@require_safe
def payments(request: PersonRequest, slug: str) -> HttpResponse:
    """Every payment, newest first, as searched for."""
    desk = desk_of(request, slug)
    form = PaymentFilter(request.GET)
    rows = MerchantPayment.objects.visible_to(request.user).filter(merchant=desk.merchant)
    asked = form.cleaned_data if form.is_valid() else {}
    found = list(_found(rows, asked).select_related("link").order_by("-pk")[: PAGE + 1])
    kept = {name: value for name in ("q", "state") if (value := asked.get(name))}
    context = {
        "desk": desk,
        "form": form,
        "rows": [(sold, merchant_words.TONES[sold.state]) for sold in found[:PAGE]],
        "is_narrowed": bool(kept),
        "older": f"?{urlencode({**kept, 'before': found[PAGE - 1].pk})}" if len(found) > PAGE else "",
        "newer": f"?{urlencode(kept)}" if asked.get("before") else "",
        "here": "payments",
    }
    return render(request, "merchants/payments.html", context)


@never_cache
@require_safe
def payment(request: PersonRequest, slug: str, sold_id: UUID) -> HttpResponse:
    desk, sold = _sold(request, slug, sold_id)
    return _payment_page(request, desk, sold, _refund_form(request, sold))


@never_cache
@require_http_methods(["POST"])
def refund(request: PersonRequest, slug: str, sold_id: UUID) -> HttpResponseBase:
    managed_desk(request, slug)
    answer: HttpResponseBase = _refund(request, slug, sold_id)
    return answer


@step_up_required
def _refund(request: PersonRequest, slug: str, sold_id: UUID) -> HttpResponse:
    """Give back some of a payment, or all of it."""
    desk, sold = _sold(request, slug, sold_id)
    form = RefundForm(request.POST, place=_place(request, sold), sold=sold)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            made = refunds.refund(
                sold=sold,
                by=request.user,
                posting_id=posting_id_of(typed["form_key"]),
                amount=typed["amount"],
                reason=typed["reason"],
                at=timezone.now(),
            )
        except InsufficientFunds as refusal:
            there = money(int(refusal.data["available"]), sold.currency_id)
            form.add_error("amount", _("There is %(amount)s in the account.") % {"amount": there})
        except DomainError as refusal:
            form.add_error("amount", str(refusal))
        else:
            _say_how_it_goes(request, made)
            return redirect("merchant_payment", slug, sold_id)
    return _payment_page(request, desk, sold, form)


@never_cache
@require_safe
def report(request: PersonRequest, slug: str) -> HttpResponse:
    """What each day came to, and that it is what the balance did."""
    desk = managed_desk(request, slug)
    form, found = _report(request, desk)
    context = {
        "desk": desk,
        "form": form,
        "report": found,
        "query": urlencode({"since": found.since, "until": found.until}) if found else "",
        "here": "report",
    }
    return render(request, "merchants/report.html", context, status=200 if found else 422)


@never_cache
@require_safe
def report_csv(request: PersonRequest, slug: str) -> HttpResponse:
    desk = managed_desk(request, slug)
    _form, found = _report(request, desk)
    if found is None:
        return redirect("merchant_report", slug)
    header, *rows = reports.rows_of(found)
    answer = HttpResponse(as_csv(header, rows), content_type="text/csv; charset=utf-8")
    name = f"{desk.slug}-{found.since}-{found.until}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _found(rows: QuerySet[MerchantPayment], asked: dict[str, Any]) -> QuerySet[MerchantPayment]:
    text = asked.get("q", "").strip()
    if text:
        rows = rows.filter(
            Q(payer_name__icontains=text)
            | Q(payer_email__istartswith=text)
            | Q(note__icontains=text)
            | Q(link__title__icontains=text)
            | Q(payment__reference=text)
        )
    if asked.get("state"):
        rows = rows.filter(state=asked["state"])
    return rows.filter(pk__lt=asked["before"]) if asked.get("before") else rows


def _sold(request: PersonRequest, slug: str, sold_id: UUID) -> tuple[Desk, MerchantPayment]:
    desk = desk_of(request, slug)
    rows = MerchantPayment.objects.visible_to(request.user).filter(merchant=desk.merchant)
    sold = get_object_or_404(rows.select_related("link"), pk=sold_id)
    sold.merchant = desk.merchant
    return desk, sold


def _place(request: PersonRequest, sold: MerchantPayment) -> str:
    return f"refund.{request.user.pk}.{sold.pk}"


def _refund_form(request: PersonRequest, sold: MerchantPayment) -> RefundForm:
    place = _place(request, sold)
    return RefundForm(initial={"form_key": new_form_key(place)}, place=place, sold=sold)


def _say_how_it_goes(request: PersonRequest, made: MerchantRefund) -> None:
    """To a wallet it went; to a card it is sent by a worker once this is committed."""
    words = {"amount": money(made.amount, made.payment.currency_id)}
    if made.refund_id is None:
        messages.success(request, _("%(amount)s was paid back.") % words)
        return
    on_commit(money_in_tasks.settle_refunds.delay, robust=True)
    messages.info(request, _("%(amount)s is set aside and goes back to the card.") % words)


def _payment_page(
    request: PersonRequest, desk: Desk, sold: MerchantPayment, form: RefundForm
) -> HttpResponse:
    refunded = MerchantRefund.objects.visible_to(request.user).filter(payment=sold).order_by("pk")
    context = {
        "desk": desk,
        "sold": sold,
        "tone": merchant_words.TONES[sold.state],
        "refunds": [(each, merchant_words.REFUND_TONES[each.state]) for each in refunded],
        "form": form if sold.refundable and desk.mine.manages else None,
        "here": "payments",
    }
    return render(request, "merchants/payment.html", context, status=422 if form.errors else 200)


def _report(request: PersonRequest, desk: Desk) -> tuple[ReportFilter, reports.Report | None]:
    today = timezone.localdate()
    first = {"since": today - timedelta(days=DAYS - 1), "until": today}
    form = ReportFilter(request.GET if {"since", "until"} & request.GET.keys() else first)
    if not form.is_valid():
        return form, None
    return form, reports.report(merchant=desk.merchant, **form.cleaned_data)
