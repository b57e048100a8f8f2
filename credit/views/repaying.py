"""Paying a loan: what is due, another amount, or all of it. Where it goes is shown first, and then done just so."""

from typing import Any
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
from core.errors import DomainError
from core.ids import posting_id_of
from core.templatetags.money import money
from credit import loan_words
from credit.loan_forms import RepayForm, shown_of
from credit.models import Loan, PayoffQuote
from credit.services.paying_off import QuoteExpired, QuoteOvertaken, pay_off, quote_payoff
from credit.services.previewing import Preview, preview_each
from credit.services.reading import read_loan
from credit.services.repaying import SplitChanged, repay
from credit.states import State
from credit.views.loans import own_loan
from wallet.templatetags.wallet import plain_amount
from wallet.views.access import own_wallet, wallet_page


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: PersonRequest, loan_id: UUID) -> HttpResponseBase:
    """How much, then where it would go, then done."""
    found = own_loan(request, loan_id)
    own_wallet(request.user)
    place = f"credit.repay.{request.user.pk}.{found.pk}"
    if found.application.state != State.ACTIVE:
        return redirect("loan", found.pk)
    if request.method != "POST":
        return _form_page(request, found, _new_form(found, place, request.GET.get("amount", "")))
    form = RepayForm(request.POST, place=place)
    if not form.is_valid():
        return _form_page(request, found, form, status=422)
    if "change" in request.POST:
        return _form_page(request, found, _new_form(found, place, request.POST.get("amount", "")))
    if "sure" not in request.POST or form.cleaned_data["shown"] is None:
        return _review(request, found, form)
    done: HttpResponseBase = _pay(request, found, form)
    return done


def _new_form(found: Loan, place: str, amount: str) -> RepayForm:
    return RepayForm(initial={"form_key": new_form_key(place), "amount": amount[:40]}, place=place)


def _form_page(request: PersonRequest, found: Loan, form: RepayForm, status: int = 200) -> HttpResponse:
    reading = read_loan(found, on=timezone.localdate())
    following = reading.next_row
    suggested = [(_("What is due now"), reading.outstanding.due)] if reading.outstanding.due else []
    if following is not None:
        suggested.append((_("The next instalment"), following.unpaid))
    context = {
        "loan": found,
        "form": form,
        "reading": reading,
        "wallet": own_wallet(request.user),
        "suggested": [(words, amount, plain_amount(amount)) for words, amount in suggested],
    }
    return render(request, "credit/loan_repay.html", context, status=status)


def _review(
    request: PersonRequest, found: Loan, form: RepayForm, status: int = 200, why: str = ""
) -> HttpResponse:
    """Where it would go; nothing has moved yet."""
    amount = form.cleaned_data["amount"]
    try:
        previews = preview_each(loan_id=found.pk, user=request.user, amount=amount, at=timezone.now())
    except DomainError as refusal:
        return _refused(request, found, form, refusal)
    wanted = form.cleaned_data.get("effect") or previews[0].effect
    context: dict[str, Any] = {
        "loan": found,
        "form": form,
        "amount": amount,
        "preview": previews[0],
        "choices": [(one, _effect_words(one), one.effect == wanted) for one in previews],
        "shown": shown_of(previews[0].paid),
        "why": why,
    }
    return render(request, "credit/loan_repay_review.html", context, status=status)


def _effect_words(one: Preview) -> str:
    return {
        "SMALLER": _("Smaller instalments"),
        "FEWER": _("Fewer instalments"),
        "POSTPONED": _("Next instalments paid already"),
    }[one.effect]


@step_up_required
def _pay(request: PersonRequest, found: Loan, form: RepayForm) -> HttpResponse:
    """Pay what was looked at. A second click finds it paid."""
    typed = form.cleaned_data
    try:
        row = repay(
            loan_id=found.pk,
            user=request.user,
            amount=typed["amount"],
            posting_id=posting_id_of(typed["form_key"]),
            at=timezone.now(),
            effect=typed["effect"],
            expected=typed["shown"],
        )
    except SplitChanged as refusal:
        return _review(request, found, form, status=409, why=str(refusal.message))
    except DomainError as refusal:
        return _refused(request, found, form, refusal)
    facts = {"amount": money(row.amount, found.currency_id)}
    messages.success(request, _("%(amount)s is paid on your loan.") % facts)
    return redirect("loan", found.pk)


def _refused(request: PersonRequest, found: Loan, form: RepayForm, refusal: DomainError) -> HttpResponse:
    form.add_error("amount", loan_words.refusal(refusal, found.currency_id))
    return _form_page(request, found, form, status=422)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def payoff(request: PersonRequest, loan_id: UUID) -> HttpResponseBase:
    """Quote first. Confirmed, the loan is paid off as it was quoted; a quote that is over is made anew."""
    found = own_loan(request, loan_id)
    own_wallet(request.user)
    if request.method != "POST" or "quote" not in request.POST:
        return _quote_page(request, found)
    quoted = get_object_or_404(PayoffQuote, loan=found, pk=_id_of(request.POST["quote"]))
    done: HttpResponseBase = _pay_off(request, found, quoted)
    return done


@step_up_required
def _pay_off(request: PersonRequest, found: Loan, quoted: PayoffQuote) -> HttpResponse:
    """A second click finds it paid."""
    try:
        pay_off(quote_id=quoted.pk, user=request.user, at=timezone.now())
    except (QuoteExpired, QuoteOvertaken):
        why = _("The figures have changed since you looked, or their day is over. These hold now.")
        return _quote_page(request, found, status=409, why=why)
    except DomainError as refusal:
        why = loan_words.refusal(refusal, found.currency_id)
        return _quote_page(request, found, status=422, why=why)
    messages.success(request, _("Your loan is paid off. Nothing is owed any more."))
    return redirect("loan", found.pk)


def _quote_page(request: PersonRequest, found: Loan, *, status: int = 200, why: str = "") -> HttpResponse:
    try:
        quoted = quote_payoff(loan_id=found.pk, user=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, loan_words.refusal(refusal, found.currency_id))
        return redirect("loan", found.pk)
    reading = read_loan(found, on=timezone.localdate())
    coming = sum(row.interest - row.paid_interest for row in reading.rows)
    context = {
        "loan": found,
        "quote": quoted,
        "wallet": own_wallet(request.user),
        "saves": max(coming - quoted.interest, 0),
        "why": why,
    }
    return render(request, "credit/loan_payoff.html", context, status=status)


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
