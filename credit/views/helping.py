"""Help with a loan, before anything is charged for being late: what there is, asking for it, and what was answered."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
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
from credit.hardship_forms import HelpForm, RecoveryForm
from credit.models import HardshipRequest, Loan
from credit.services import hardship, recovering
from credit.services.reading import read_loan
from credit.services.writing_off import owed_in_books
from credit.states import State
from credit.terms_data import late_of
from wallet.views.access import own_wallet, wallet_page

GIVEN_UP = (State.CHARGED_OFF, State.WRITTEN_OFF)
ASKED_SHOWN = 10


def own_loan(request: PersonRequest, loan_id: UUID) -> Loan:
    """Return the person's loan; another's is not found."""
    loans = Loan.objects.visible_to(request.user).select_related("application", "contract")
    return get_object_or_404(loans, pk=loan_id)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def loan_help(request: PersonRequest, loan_id: UUID) -> HttpResponseBase:
    """One page of small forms; the button says which was sent."""
    own_wallet(request.user)
    loan = own_loan(request, loan_id)
    what = request.POST.get("do", "") if request.method == "POST" else ""
    if what == "ask":
        return _ask(request, loan)
    if what == "withdraw":
        return _withdraw(request, loan)
    if what == "pay" and loan.application.state in GIVEN_UP:
        done: HttpResponseBase = _pay(request, loan)
        return done
    return _page(request, loan)


def _ask(request: PersonRequest, loan: Loan) -> HttpResponse:
    form = HelpForm(request.POST)
    if not form.is_valid():
        return _page(request, loan, form=form, status=422)
    try:
        hardship.ask(loan_id=loan.pk, user=request.user, at=timezone.now(), **form.cleaned_data)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, loan, form=form, status=422)
    messages.success(request, _("We have it. Somebody reads it and answers you here."))
    return redirect("loan_help", loan.pk)


def _withdraw(request: PersonRequest, loan: Loan) -> HttpResponse:
    asked = loan.hardship.filter(state=HardshipRequest.State.ASKED).first()
    try:
        if asked is None:
            raise hardship.RequestNotFound
        hardship.withdraw(request_id=asked.pk, user=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.info(request, _("It is taken back."))
    return redirect("loan_help", loan.pk)


@step_up_required
def _pay(request: PersonRequest, loan: Loan) -> HttpResponse:
    form = RecoveryForm(request.POST, place=_place(request, loan))
    if not form.is_valid():
        return _page(request, loan, pay=form, status=422)
    try:
        row = recovering.recover(
            loan_id=loan.pk,
            user=request.user,
            amount=form.cleaned_data["amount"],
            posting_id=posting_id_of(form.cleaned_data["form_key"]),
            at=timezone.now(),
        )
    except DomainError as refusal:
        form.add_error("amount", str(refusal))
        return _page(request, loan, pay=form, status=422)
    messages.success(request, _("Thank you. %(amount)s came in.") % {"amount": money(row.amount, "NGN")})
    return redirect("loan_help", loan.pk)


def _place(request: PersonRequest, loan: Loan) -> str:
    return f"credit.recover.{request.user.pk}.{loan.pk}"


def _page(
    request: PersonRequest,
    loan: Loan,
    *,
    form: HelpForm | None = None,
    pay: RecoveryForm | None = None,
    status: int = 200,
) -> HttpResponse:
    today, place = timezone.localdate(), _place(request, loan)
    given_up = loan.application.state in GIVEN_UP
    asked = list(loan.hardship.order_by("-pk")[:ASKED_SHOWN])
    with acting_as_service():
        owed = owed_in_books(loan) if given_up else None
    context = {
        "loan": loan,
        "reading": None if given_up else read_loan(loan, on=today),
        "owed": owed,
        "late": late_of(loan.late),
        "pause": loan.pauses.filter(since__lte=today, until__gt=today).order_by("-pk").first(),
        "asked": asked,
        "waits": any(one.state == HardshipRequest.State.ASKED for one in asked),
        "may_ask": loan.application.state in hardship.OWING,
        "form": form or HelpForm(),
        "pay": pay or RecoveryForm(initial={"form_key": new_form_key(place)}, place=place),
    }
    return render(request, "loans/help.html", context, status=status)
