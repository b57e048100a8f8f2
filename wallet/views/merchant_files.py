"""Paying many from one file out of an organisation's account: the pages of customers, with its desk."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core.actors import acting_as_service
from wallet.models import BulkPayout
from wallet.views.bulk_payouts import (
    Tray,
    confirmed_file,
    discarded,
    file_page,
    result_sheet,
    tray_page,
)
from wallet.views.merchants import account_of, managed_desk


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: PersonRequest, slug: str) -> HttpResponse:
    """The files there were, and a new one."""
    return tray_page(request, _tray(request, slug))


@never_cache
@require_safe
def file(request: PersonRequest, slug: str, bulk_id: UUID) -> HttpResponse:
    return file_page(request, _tray(request, slug), bulk_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest, slug: str, bulk_id: UUID) -> HttpResponseBase:
    """Have it paid, ask another, or approve what another asked for."""
    if request.method != "POST":
        return redirect("merchant_file", slug, bulk_id)
    confirmed: HttpResponseBase = confirmed_file(request, _tray(request, slug), bulk_id)
    return confirmed


@never_cache
@require_POST
def discard(request: PersonRequest, slug: str, bulk_id: UUID) -> HttpResponse:
    return discarded(request, _tray(request, slug), bulk_id)


@never_cache
@require_safe
def result(request: PersonRequest, slug: str, bulk_id: UUID) -> HttpResponse:
    return result_sheet(_tray(request, slug), bulk_id)


def _tray(request: PersonRequest, slug: str) -> Tray:
    """Raises Http404 for whoever does not manage the organisation."""
    desk = managed_desk(request, slug)
    theirs = desk.merchant.organization_id
    return Tray(
        account_of(desk.merchant),
        BulkPayout.objects.filter(organization=theirs),
        "merchants",
        reverse("merchant_files", args=[slug]),
        reader=acting_as_service,
        organization_id=theirs,
        context={"desk": desk, "here": "files"},
    )
