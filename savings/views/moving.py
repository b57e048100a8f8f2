"""Adding to a saving, and taking a part of it out: what it costs is seen first."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.form_keys import new_form_key
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import posting_id_of
from core.templatetags.money import money
from savings import services, wording
from savings.forms import AmountForm
from savings.models import UserSavings
from savings.refusals import NotEnoughSaved
from savings.services import Cost, cost_of, terms_of
from savings.services.terms import value_day
from savings.views.access import own_saving
from wallet.models import Account
from wallet.views.access import own_wallet, wallet_page


def _place(user: User, saving: UserSavings, what: str) -> str:
    return f"savings.{what}.{user.pk}.{saving.pk}"


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Pay into a saving from the wallet. The money stays its owner's, so nothing is proven again."""
    wallet, saving = own_wallet(request.user), own_saving(request, pk)
    place = _place(request.user, saving, "add")
    if request.method != "POST":
        initial = {"form_key": new_form_key(place), "amount": request.GET.get("amount", "")[:40]}
        return _add_page(request, AmountForm(initial=initial, place=place), wallet, saving)
    form = AmountForm(request.POST, place=place)
    if not form.is_valid():
        return _add_page(request, form, wallet, saving, status=422)
    typed = form.cleaned_data
    try:
        move = services.contribute(
            saving_id=saving.pk,
            user=request.user,
            amount=typed["amount"],
            posting_id=posting_id_of(typed["form_key"]),
            at=timezone.now(),
        )
    except DomainError as refusal:
        _say(form, refusal, wallet.currency_id)
        wallet.refresh_from_db()
        return _add_page(request, form, wallet, saving, status=422)
    facts = {"amount": money(move.amount, wallet.currency_id), "name": saving.name}
    messages.success(request, _("%(amount)s is saved in %(name)s.") % facts)
    return redirect("saving", saving.pk)


def _add_page(
    request: PersonRequest, form: AmountForm, wallet: Account, saving: UserSavings, status: int = 200
) -> HttpResponse:
    at = timezone.now()
    terms = terms_of(saving, timezone.localdate(at))
    context = {
        "form": form,
        "wallet": wallet,
        "saving": saving,
        "counts_from": value_day(at, terms.cut_off),
        "cut_off": terms.cut_off,
        "amounts": wording.amounts(terms, wallet.currency_id),
        "missing": max((saving.target or 0) - saving.account.balance, 0),
    }
    return render(request, "savings/add.html", context, status=status)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: PersonRequest, pk: UUID) -> HttpResponseBase:
    """Take a part out: how much, then what it costs, then done."""
    saving = own_saving(request, pk)
    place = _place(request.user, saving, "withdraw")
    own_wallet(request.user)
    if request.method != "POST":
        return _withdraw_page(
            request, AmountForm(initial={"form_key": new_form_key(place)}, place=place), saving
        )
    form = AmountForm(request.POST, place=place)
    if not form.is_valid():
        return _withdraw_page(request, form, saving, status=422)
    if "change" in request.POST:
        return _withdraw_page(request, AmountForm(initial=_kept(request, place), place=place), saving)
    if "sure" not in request.POST:
        return _quoted(request, form, saving)
    done: HttpResponseBase = _withdraw(request, form, saving)
    return done


def _kept(request: PersonRequest, place: str) -> dict[str, Any]:
    return {"form_key": new_form_key(place), "amount": request.POST.get("amount", "")[:40]}


def _quoted(request: PersonRequest, form: AmountForm, saving: UserSavings) -> HttpResponse:
    """What was typed, with what it costs; nothing has moved yet."""
    cost = _cost(saving, form.cleaned_data["amount"])
    if cost.total > saving.account.balance:
        short = NotEnoughSaved(available=saving.account.balance, fee=cost.fee)
        _say(form, short, saving.plan.currency_id)
        return _withdraw_page(request, form, saving, status=422)
    context = {"form": form, "saving": saving, "cost": cost, "left": saving.account.balance - cost.total}
    return render(request, "savings/withdraw_review.html", context)


def _cost(saving: UserSavings, amount: int) -> Cost:
    at = timezone.now()
    terms = terms_of(saving, timezone.localdate(at))
    return cost_of(saving=saving, terms=terms, amount=amount, on=value_day(at, terms.cut_off))


@step_up_required
def _withdraw(request: PersonRequest, form: AmountForm, saving: UserSavings) -> HttpResponse:
    """Move what was looked at. A second click finds it moved."""
    typed, currency = form.cleaned_data, saving.plan.currency_id
    try:
        services.withdraw(
            saving_id=saving.pk,
            user=request.user,
            amount=typed["amount"],
            posting_id=posting_id_of(typed["form_key"]),
            at=timezone.now(),
        )
    except DomainError as refusal:
        _say(form, refusal, currency)
        return _withdraw_page(request, form, own_saving(request, saving.pk), status=422)
    amount = money(typed["amount"], currency)
    messages.success(request, _("%(amount)s is back in your wallet.") % {"amount": amount})
    return redirect("saving", saving.pk)


def _withdraw_page(
    request: PersonRequest, form: AmountForm, saving: UserSavings, status: int = 200
) -> HttpResponse:
    terms = terms_of(saving, timezone.localdate())
    context = {
        "form": form,
        "saving": saving,
        "taking_out": wording.taking_out(terms, saving.plan),
        "free_left": _cost(saving, 0).free_left,
        "has_fee": bool(terms.withdrawal_fee),
    }
    return render(request, "savings/withdraw.html", context, status=status)


def _say(form: AmountForm, refusal: DomainError, currency: str) -> None:
    field = wording.field_of(refusal)
    form.add_error(field if field in form.fields else None, wording.refusal(refusal, currency))
