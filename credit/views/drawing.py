"""Asking for the money of a signed loan, or a part of it: how much, then what comes of it, then done."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id_of
from core.templatetags.money import money
from credit import loan_words
from credit.loan_forms import DrawForm
from credit.models import Application, Contract, Loan
from credit.services.drawable import Drawable, open_to, preview_part
from credit.services.drawing_down import draw
from credit.services.locking import database_now
from credit.services.reading import read_loan
from credit.views.agreeing import own_contract
from wallet.views.access import own_wallet, wallet_page


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def draw_page(request: PersonRequest, application_id: UUID) -> HttpResponseBase:
    """A second click finds it paid, also where that was the last part."""
    own_wallet(request.user)
    contract = own_contract(request, application_id)
    if request.method != "POST":
        wanted = new_draw_form(contract.application, request.GET.get("amount", ""))
        return _form_page(request, contract, wanted)
    form = DrawForm(request.POST, place=_place(contract.application))
    if not form.is_valid():
        return _form_page(request, contract, form, status=422)
    if "change" in request.POST:
        return _form_page(request, contract, new_draw_form(contract.application, request.POST["amount"]))
    if "sure" not in request.POST:
        return _review(request, contract, form)
    done: HttpResponseBase = _draw(request, contract, form)
    return done


def open_part(contract: Contract, application: Application) -> Drawable | None:
    """Return what may be asked for today of a contract that the caller may see."""
    with acting_as_service():
        return open_to(contract, application, today=timezone.localdate())


def new_draw_form(application: Application, amount: str = "") -> DrawForm:
    place = _place(application)
    return DrawForm(initial={"form_key": new_form_key(place), "amount": amount[:40]}, place=place)


def _place(application: Application) -> str:
    return f"credit.draw.{application.user_id}.{application.pk}"


def _form_page(request: PersonRequest, contract: Contract, form: DrawForm, status: int = 200) -> HttpResponse:
    application = contract.application
    loan = _loan(contract)
    context = {
        "application": application,
        "drawable": open_part(contract, application),
        "form": form,
        "loan": loan,
        "is_late": loan is not None and read_loan(loan, on=timezone.localdate()).is_late,
    }
    return render(request, "credit/draw.html", context, status=status)


def _loan(contract: Contract) -> Loan | None:
    return Loan.objects.filter(contract=contract).first()


def _review(request: PersonRequest, contract: Contract, form: DrawForm) -> HttpResponse:
    """What comes of it; nothing has moved yet."""
    amount = form.cleaned_data["amount"]
    try:
        with acting_as_service():
            preview = preview_part(contract, amount, today=timezone.localdate())
    except DomainError as refusal:
        return _refused(request, contract, form, refusal)
    drawable = open_part(contract, contract.application)
    context: dict[str, Any] = {
        "application": contract.application,
        "form": form,
        "amount": amount,
        "preview": preview,
        "loan": _loan(contract),
        "left": drawable.left - amount if drawable is not None and drawable.parts_left > 1 else 0,
    }
    return render(request, "credit/draw_review.html", context)


@step_up_required
def _draw(request: PersonRequest, contract: Contract, form: DrawForm) -> HttpResponse:
    application, typed = contract.application, form.cleaned_data
    try:
        row = draw(
            application_id=application.pk,
            user=request.user,
            amount=typed["amount"],
            posting_id=posting_id_of(typed["form_key"]),
            at=database_now(),
        )
    except DomainError as refusal:
        return _refused(request, contract, form, refusal)
    facts = {"amount": money(row.amount - row.data["fees"], application.currency_id)}
    messages.success(request, _("%(amount)s is in your wallet.") % facts)
    return redirect("loan", application.pk)


def _refused(
    request: PersonRequest, contract: Contract, form: DrawForm, refusal: DomainError
) -> HttpResponse:
    form.add_error("amount", loan_words.draw_refusal(refusal, contract.application.currency_id))
    return _form_page(request, contract, form, status=422)
