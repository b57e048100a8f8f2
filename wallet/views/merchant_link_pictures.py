"""The picture of a payment link: chosen and removed by members. No transaction is open while it is made."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import PersonRequest
from core.actors import acting_as, outside_transaction
from core.errors import DomainError
from storage_app.form_uploads import brought_too_much
from storage_app.forms import UploadForm
from storage_app.services.pictures import PictureTooLarge
from wallet.models import PaymentLink
from wallet.services.merchants import pictures
from wallet.views.merchant_links import link_of, page_of_link


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@outside_transaction
def choose(request: PersonRequest, slug: str, link_id: UUID) -> HttpResponse:
    """Take over a picture; whoever comes by a link sees the page it is chosen on."""
    if request.method != "POST":
        return redirect("merchant_link", slug, link_id)
    with acting_as(request.user):
        desk, link = link_of(request, slug, link_id)
    form = UploadForm(request.POST, request.FILES)
    if brought_too_much(request):
        form.add_error("file", str(PictureTooLarge.message))
    if form.is_valid():
        try:
            _choose(request, link, form)
        except DomainError as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, _("Whoever pays sees this picture now."))
            return redirect("merchant_link", slug, link_id)
    with acting_as(request.user):
        return page_of_link(request, desk, link, form, HTTPStatus.UNPROCESSABLE_ENTITY)


@require_POST
@outside_transaction
def remove(request: PersonRequest, slug: str, link_id: UUID) -> HttpResponse:
    with acting_as(request.user):
        _desk, link = link_of(request, slug, link_id)
    pictures.forget(link=link, by=request.user, at=timezone.now())
    messages.success(request, _("The link is shown without a picture again."))
    return redirect("merchant_link", slug, link_id)


def _choose(request: PersonRequest, link: PaymentLink, form: UploadForm) -> None:
    chosen, by, at = form.chosen, request.user, timezone.now()
    if chosen is None:
        pictures.choose_sent(link=link, by=by, name=form.cleaned_data["uploaded"], at=at)
    else:
        pictures.choose(link=link, by=by, source=chosen.chunks(), at=at)
