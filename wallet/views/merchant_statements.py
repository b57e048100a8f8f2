"""Statements of an organisation's account, for its owners and administrators: the pages of customers, with its desk."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core.actors import acting_as_service
from wallet.views.merchants import account_of, managed_desk
from wallet.views.statements import Shelf, downloaded, fetched, shelf_page, statement_page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def statements(request: PersonRequest, slug: str) -> HttpResponse:
    """The months and the ranges that were made; a POST makes one."""
    return shelf_page(request, _shelf(request, slug))


@never_cache
@require_safe
def statement(request: PersonRequest, slug: str, statement_id: UUID) -> HttpResponse:
    return statement_page(request, _shelf(request, slug), statement_id)


@never_cache
@require_POST
def fetch(request: PersonRequest, slug: str, statement_id: UUID) -> HttpResponse:
    """Have a statement's months fetched from the archive."""
    return fetched(_shelf(request, slug), statement_id)


@never_cache
@require_safe
def download(request: PersonRequest, slug: str, statement_id: UUID, ending: str) -> HttpResponseBase:
    return downloaded(request, _shelf(request, slug), statement_id, ending)


def _shelf(request: PersonRequest, slug: str) -> Shelf:
    """Raises Http404 for others."""
    desk = managed_desk(request, slug)
    context = {"desk": desk, "here": "statements"}
    return Shelf(account_of(desk.merchant), "merchants", reader=acting_as_service, context=context)
