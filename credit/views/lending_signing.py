"""What a lender has to sign: the list, one agreement with its last check, and not going on."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.actors import acting_as_service
from core.errors import DomainError
from credit import agreement_words
from credit.models import Contract
from credit.refusals import ProviderNotFound
from credit.services import checking, signing, signing_desk
from credit.services.locking import database_now
from credit.services.signing_desk import Desk as Agreement
from credit.signing_forms import RefuseForm
from credit.views.lending import Desk, managed_desk


@never_cache
@require_safe
def to_sign(request: PersonRequest, slug: str) -> HttpResponse:
    """What waits for signatures."""
    desk = managed_desk(request, slug)
    rows = signing_desk.to_sign(provider=desk.provider)
    return render(request, "lending/signing.html", {"desk": desk, "rows": rows, "here": "signing"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contract(request: PersonRequest, slug: str, contract_id: UUID) -> HttpResponseBase:
    """One agreement; a POST signs it."""
    desk = managed_desk(request, slug)
    if request.method == "POST":
        answer: HttpResponseBase = _sign(request, desk, contract_id)
        return answer
    try:
        found = _look(request, desk, contract_id)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("lending_signing", slug)
    return _page(request, desk, found, RefuseForm())


@step_up_required
def _sign(request: PersonRequest, desk: Desk, contract_id: UUID) -> HttpResponse:
    try:
        signing.provider_sign(
            application_id=_application_of(contract_id),
            provider_id=desk.provider.pk,
            by=request.user,
            sha256=request.POST.get("sha256", ""),
            at=database_now(),
        )
    except ProviderNotFound:
        raise Http404 from None
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("You signed. When everybody has, the money goes out at once."))
    return redirect("lending_sign", desk.slug, contract_id)


@never_cache
@require_http_methods(["POST"])
def refuse(request: PersonRequest, slug: str, contract_id: UUID) -> HttpResponseBase:
    """Say that the lender does not go on, and why."""
    desk = managed_desk(request, slug)
    form = RefuseForm(request.POST)
    if form.is_valid():
        answer: HttpResponseBase = _refuse(request, desk, contract_id, form)
        return answer
    return _page(request, desk, _look(request, desk, contract_id), form)


@step_up_required
def _refuse(request: PersonRequest, desk: Desk, contract_id: UUID, form: RefuseForm) -> HttpResponse:
    try:
        checking.provider_fail_check(
            application_id=_application_of(contract_id),
            provider_id=desk.provider.pk,
            by=request.user,
            at=database_now(),
            **form.cleaned_data,
        )
    except ProviderNotFound:
        raise Http404 from None
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, desk, _look(request, desk, contract_id), form)
    messages.success(request, _("The borrower is told why. What you had set aside is free again."))
    return redirect("lending_signing", desk.slug)


def _look(request: PersonRequest, desk: Desk, contract_id: UUID) -> Agreement:
    """Raises Http404 for another lender's."""
    try:
        return signing_desk.look_at(
            contract_id=contract_id, provider=desk.provider, by=request.user, at=database_now()
        )
    except ProviderNotFound:
        raise Http404 from None


def _application_of(contract_id: UUID) -> UUID:
    """Raises Http404."""
    with acting_as_service():
        found = Contract.objects.filter(pk=contract_id).values_list("application_id", flat=True).first()
    if found is None:
        raise Http404
    return found


def _page(request: PersonRequest, desk: Desk, found: Agreement, form: RefuseForm) -> HttpResponse:
    told = found.document.facts
    context = {
        "desk": desk,
        "here": "signing",
        "found": found,
        "contract": found.contract,
        "borrower": told["borrower"],
        "number": told["number"],
        "currency": told["currency"],
        "headline": agreement_words.headline(told),
        "sections": agreement_words.sections(told),
        "schedule": agreement_words.schedule(told),
        "as_of": agreement_words.as_of(told),
        "form": form,
    }
    return render(request, "lending/sign.html", context, status=422 if form.errors else 200)
