"""An organisation's bank accounts: the list, adding one whose name the bank tells, taking one off. Owners change it."""

from contextlib import suppress
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.actors import acting_as, outside_transaction
from core.errors import DomainError
from wallet import services
from wallet.models import BankAccount
from wallet.payout_forms import BankAccountForm
from wallet.services.bank_accounts import BankAccountGone
from wallet.services.merchants import settling
from wallet.views.bank_accounts import banks_on_offer, note, opened, sealed, waiting
from wallet.views.merchants import Desk, managed_desk

HERE = "banks"


@never_cache
@require_safe
def banks(request: PersonRequest, slug: str) -> HttpResponse:
    desk = managed_desk(request, slug)
    accounts = settling.bank_accounts_of(desk.merchant)
    is_full = len(accounts) >= services.MOST_BANK_ACCOUNTS
    context = {"desk": desk, "accounts": accounts, "is_full": is_full, "here": HERE}
    return render(request, "merchants/banks.html", context)


@sensitive_post_parameters("number")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@outside_transaction
def add(request: PersonRequest, slug: str) -> HttpResponse:
    """Ask which account, and then the bank whose it is."""
    with acting_as(request.user):
        desk = managed_desk(request, slug, owner=True)
    choices = banks_on_offer()
    if request.method != "POST":
        return _form_page(request, desk, BankAccountForm(banks=choices))
    form = BankAccountForm(request.POST, banks=choices)
    if not form.is_valid():
        return _form_page(request, desk, form, status=422)
    try:
        found = services.look_up(
            owner=request.user,
            organization=desk.mine.organization,
            at=timezone.now(),
            **form.cleaned_data,
        )
    except DomainError as refusal:
        return waiting(_form_page(request, desk, form, status=note(form, refusal)), refusal)
    context = {"desk": desk, "found": found, "token": sealed(found, _place(request, desk)), "here": HERE}
    with acting_as(request.user):
        return render(request, "merchants/bank_found.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Whoever comes by a link, as after signing in again, has nothing to confirm and starts anew."""
    desk = managed_desk(request, slug, owner=True)
    if request.method != "POST":
        return redirect("merchant_bank_add", slug)
    confirmed: HttpResponseBase = _confirm(request, desk)
    return confirmed


@step_up_required
def _confirm(request: PersonRequest, desk: Desk) -> HttpResponse:
    """Put the account that was shown on the list. A second click finds it there."""
    found = opened(request.POST.get("found", ""), _place(request, desk))
    if found is None:
        messages.error(request, _("This page was open for too long. Please type the number again."))
        return redirect("merchant_bank_add", desk.slug)
    try:
        account = settling.add_bank_account(
            merchant=desk.merchant, by=request.user, found=found, at=timezone.now()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(account)s is on the list.") % {"account": account})
    return redirect("merchant_banks", desk.slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: PersonRequest, slug: str, account_id: UUID) -> HttpResponseBase:
    desk = managed_desk(request, slug, owner=True)
    account = bank_account_of(desk, account_id)
    if request.method != "POST":
        context = {"desk": desk, "account": account, "here": HERE}
        return render(request, "merchants/bank_remove.html", context)
    removed: HttpResponseBase = _remove(request, desk, account)
    return removed


@step_up_required
def _remove(request: PersonRequest, desk: Desk, account: BankAccount) -> HttpResponse:
    with suppress(BankAccountGone):
        settling.remove_bank_account(
            merchant=desk.merchant, by=request.user, account=account, at=timezone.now()
        )
    messages.info(request, _("%(account)s is no longer on the list.") % {"account": account})
    return redirect("merchant_banks", desk.slug)


def bank_account_of(desk: Desk, account_id: UUID) -> BankAccount:
    """One of the organisation's own. Raises Http404."""
    for account in settling.bank_accounts_of(desk.merchant):
        if account.pk == account_id:
            return account
    raise Http404


def _form_page(request: PersonRequest, desk: Desk, form: BankAccountForm, status: int = 200) -> HttpResponse:
    context = {"desk": desk, "form": form, "here": HERE}
    with acting_as(request.user):
        return render(request, "merchants/bank_add.html", context, status=status)


def _place(request: PersonRequest, desk: Desk) -> str:
    return f"bank_account.found.{request.user.pk}.{desk.merchant.pk}"
