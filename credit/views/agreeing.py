"""Reading a loan agreement, signing it, going back on it, and its paper."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.actors import acting_as_service
from core.errors import DomainError
from credit import agreement_words
from credit.consents import CURRENT
from credit.models import Application, Consent, Contract, Disbursement, Loan, Signature
from credit.payout_words import why_waiting
from credit.services import consenting, signing
from credit.services.agreement_drawing import agreement_pdf
from credit.services.agreement_papers import agreement_of
from credit.services.agreements import still_to_sign
from credit.services.cancelling import cancel
from credit.services.drawable import open_to
from credit.services.lending import paid_out, received_of
from credit.services.locking import database_now
from credit.states import State
from credit.terms_hash import Side, TermsChanged
from wallet.models import Document
from wallet.services.documents import spelled
from wallet.services.statements import files
from wallet.views.access import own_wallet, wallet_page
from wallet.views.statements import attached

SEARCH = CURRENT[Consent.Kind.HARD_SEARCH]


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def sign_page(request: PersonRequest, application_id: UUID) -> HttpResponseBase:
    """All key facts on one screen; a POST signs them."""
    own_wallet(request.user)
    contract = own_contract(request, application_id)
    if request.method != "POST":
        return _page(request, contract)
    missing = _missing(request, contract)
    if missing:
        return _page(request, contract, missing=missing, status=422)
    answer: HttpResponseBase = _sign(request, contract)
    return answer


@step_up_required
def _sign(request: PersonRequest, contract: Contract) -> HttpResponse:
    """Signed again it is as it was."""
    key, searches = contract.application_id, request.POST.get("searches")
    try:
        signing.sign(
            application_id=key,
            user=request.user,
            sha256=request.POST.get("sha256", ""),
            seen={SEARCH.kind: searches} if searches else None,
            at=database_now(),
        )
    except (TermsChanged, consenting.ConsentTextChanged) as refusal:
        return _page(request, contract, why=str(refusal), status=409)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("loan_sign", key)
    messages.success(request, _("You signed. Now the lender makes its last check; we tell you at once."))
    return redirect("loan_sign", key)


@wallet_page
@require_safe
def agreement(request: PersonRequest, application_id: UUID) -> HttpResponseBase:
    """The paper of the same."""
    contract = own_contract(request, application_id)
    try:
        document = agreement_of(contract=contract, user=request.user, at=database_now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("loan_sign", application_id)
    drawn = agreement_pdf(document)
    name = f"alajo-{document.facts['number']}-agreement.pdf"
    return attached(HttpResponse(drawn, content_type=files.PDF), name)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_page(request: PersonRequest, application_id: UUID) -> HttpResponseBase:
    """What cancelling comes to; a POST does it."""
    own_wallet(request.user)
    contract = own_contract(request, application_id)
    if not _may_cancel(contract):
        messages.info(request, _("This agreement can no longer be cancelled."))
        return redirect("loan_sign", application_id)
    if request.method == "POST":
        answer: HttpResponseBase = _cancel(request, contract)
        return answer
    context = {
        "application": contract.application,
        "contract": contract,
        "is_paid": contract.application.state == State.ACTIVE,
        "received": _received(contract),
        "wallet": own_wallet(request.user),
    }
    return render(request, "credit/cancel.html", context)


@step_up_required
def _cancel(request: PersonRequest, contract: Contract) -> HttpResponse:
    try:
        cancel(application_id=contract.application_id, user=request.user, at=database_now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("loan_cancel", contract.application_id)
    messages.success(request, _("Cancelled. Nothing is owed."))
    return redirect("loan_sign", contract.application_id)


def _received(contract: Contract) -> int:
    """What was paid out under a contract and not taken back."""
    loan = Loan.objects.filter(contract=contract).first()
    return received_of(paid_out(loan)) if loan is not None else 0


def own_contract(request: PersonRequest, application_id: UUID) -> Contract:
    """Return the newest contract of the person's application; Http404 where nothing was ever accepted."""
    mine = get_object_or_404(Application.objects.visible_to(request.user), pk=application_id)
    found = Contract.objects.filter(application=mine).select_related("application")
    contract = found.order_by("-pk").first()
    if contract is None:
        raise Http404
    return contract


def _missing(request: PersonRequest, contract: Contract) -> list[tuple[str, str]]:
    """What has to be ticked before anything is signed: the field, and what to do."""
    missing = []
    if "read" not in request.POST:
        missing.append(("read", _("Say that you have read the key facts.")))
    with acting_as_service():
        has_agreed = signing.agreed_to_search(contract.application, database_now())
    if not has_agreed and not request.POST.get("searches"):
        missing.append(("searches", _("Agree to the full credit search, or let the offer lapse.")))
    return missing


def _page(
    request: PersonRequest,
    contract: Contract,
    *,
    missing: list[tuple[str, str]] | None = None,
    why: str = "",
    status: int = 200,
) -> HttpResponse:
    try:
        document = agreement_of(contract=contract, user=request.user, at=database_now())
    except DomainError as refusal:
        context = {"application": contract.application, "refusal": refusal}
        return render(request, "credit/sign_refused.html", context, status=503)
    context = {**_standing(contract), **_facts(document), "missing": dict(missing or []), "why": why}
    return render(request, "credit/sign.html", context, status=status)


def _facts(document: Document) -> dict[str, object]:
    """What the screen shows is what the paper keeps."""
    told = document.facts
    return {
        "document": document,
        "code": spelled(document.code),
        "currency": told["currency"],
        "number": told["number"],
        "headline": agreement_words.headline(told),
        "sections": agreement_words.sections(told),
        "schedule": agreement_words.schedule(told),
        "as_of": agreement_words.as_of(told),
    }


def _standing(contract: Contract) -> dict[str, object]:
    """Who signed, what waits for whom, and what is in the way."""
    application = contract.application
    with acting_as_service():
        signed = {row.side for row in Signature.objects.filter(contract=contract)}
        waits = application.state == State.ACCEPTED and contract.ended_at is None
        lenders_left = len(still_to_sign(contract)[Side.PROVIDER]) if waits else 0
        payouts = Disbursement.objects.filter(share__contract=contract)
        stuck = payouts.exclude(code="").filter(state__in=("DUE", "STOPPED")).first()
        drawable = open_to(contract, application, today=timezone.localdate())
        needs_search = waits and not signing.agreed_to_search(application, database_now())
    return {
        "application": application,
        "contract": contract,
        "may_sign": waits and Side.BORROWER not in signed,
        "waits_for_lender": waits and Side.BORROWER in signed and lenders_left > 0,
        "stuck": why_waiting(stuck.code) if stuck else "",
        "search": SEARCH if needs_search else None,
        "may_cancel": _may_cancel(contract),
        "drawable": drawable if application.state == State.SIGNED else None,
    }


def _may_cancel(contract: Contract) -> bool:
    until = contract.cooling_off_until
    goes_on = contract.ended_at is None and contract.application.state in (State.SIGNED, State.ACTIVE)
    return goes_on and until is not None and database_now() < until
