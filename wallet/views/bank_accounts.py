"""A customer's bank accounts: the list, adding one whose name the bank tells, taking one off."""

import json
from contextlib import suppress
from dataclasses import asdict
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core import encryption
from core.actors import acting_as, acting_as_service, outside_transaction
from core.errors import DomainError
from wallet import services
from wallet.gateways.base import GatewayError
from wallet.gateways.capabilities import AccountNotResolved
from wallet.models import Bank, BankAccount
from wallet.payout_forms import BankAccountForm
from wallet.services.bank_accounts import AccountNumberWrong, BankAccountGone, Found
from wallet.services.banks import BankUnknown, NoPayouts
from wallet.services.lookups import TooManyLookups
from wallet.views.access import own_wallet, wallet_page

FOUND_LIFE = 30 * 60


@wallet_page
@require_safe
def bank_accounts(request: PersonRequest) -> HttpResponse:
    own_wallet(request.user)
    accounts = saved_accounts(request.user)
    is_full = len(accounts) >= services.MOST_BANK_ACCOUNTS
    return render(request, "payouts/bank_accounts.html", {"accounts": accounts, "is_full": is_full})


def saved_accounts(user: User) -> list[BankAccount]:
    """The default first, then the newest."""
    return list(BankAccount.objects.visible_to(user).saved().order_by("-is_default", "-id"))


@sensitive_post_parameters("number")
@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
@outside_transaction
def add(request: PersonRequest) -> HttpResponse:
    """Ask which account, and then the bank whose it is."""
    with acting_as(request.user):
        own_wallet(request.user)
    banks = banks_on_offer()
    if request.method != "POST":
        return _form_page(request, BankAccountForm(banks=banks))
    form = BankAccountForm(request.POST, banks=banks)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        found = services.look_up(owner=request.user, at=timezone.now(), **form.cleaned_data)
    except DomainError as refusal:
        return _refused(request, form, refusal)
    context = {"found": found, "token": sealed(found, _place(request.user))}
    with acting_as(request.user):
        return render(request, "payouts/bank_account_found.html", context)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest) -> HttpResponseBase:
    """Whoever comes by a link, as after signing in again, has nothing to confirm and starts anew."""
    if request.method != "POST":
        return redirect("bank_account_add")
    confirmed: HttpResponseBase = _confirm(request)
    return confirmed


@step_up_required
def _confirm(request: PersonRequest) -> HttpResponse:
    """Put the account that was shown on the list. A second click finds it there."""
    found = opened(request.POST.get("found", ""), _place(request.user))
    if found is None:
        messages.error(request, _("This page was open for too long. Please type the number again."))
        return redirect("bank_account_add")
    try:
        account = services.save_found(owner=request.user, found=found, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("bank_accounts")
    messages.success(request, _("%(account)s is on your list.") % {"account": account})
    return redirect("bank_accounts")


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: PersonRequest, account_id: UUID) -> HttpResponse:
    account = get_object_or_404(BankAccount.objects.visible_to(request.user).saved(), pk=account_id)
    if request.method != "POST":
        return render(request, "payouts/bank_account_remove.html", {"account": account})
    with suppress(BankAccountGone):
        services.remove_bank_account(account=account, at=timezone.now())
    messages.info(request, _("%(account)s is no longer on your list.") % {"account": account})
    return redirect("bank_accounts")


@wallet_page
@require_POST
def make_default(request: PersonRequest, account_id: UUID) -> HttpResponse:
    account = get_object_or_404(BankAccount.objects.visible_to(request.user).saved(), pk=account_id)
    with suppress(BankAccountGone):
        services.make_default(account=account)
    return redirect("bank_accounts")


def banks_on_offer() -> list[Bank]:
    """The list to choose from; read now where nobody has read it yet."""
    try:
        gateway = services.payout_gateway()
        with acting_as_service():
            banks = services.bank_choices(gateway=gateway)
        if banks:
            return banks
        with suppress(GatewayError):
            services.read_banks(gateway=gateway, at=timezone.now())
        with acting_as_service():
            return services.bank_choices(gateway=gateway)
    except NoPayouts:
        return []


def _form_page(request: PersonRequest, form: BankAccountForm, status: int = 200) -> HttpResponse:
    with acting_as(request.user):
        return render(request, "payouts/bank_account_add.html", {"form": form}, status=status)


def _refused(request: PersonRequest, form: BankAccountForm, refusal: DomainError) -> HttpResponse:
    return waiting(_form_page(request, form, status=note(form, refusal)), refusal)


def note(form: BankAccountForm, refusal: DomainError) -> int:
    """Say at its field why no name was found; return the status of the answer."""
    field = {AccountNumberWrong: "number", AccountNotResolved: "number", BankUnknown: "bank_code"}
    form.add_error(field.get(type(refusal)), str(refusal))
    return {"unavailable": 503, "limited": 429}.get(refusal.kind, 422)


def waiting(response: HttpResponse, refusal: DomainError) -> HttpResponse:
    """The same answer, which says when to come back to whoever asked too often."""
    if isinstance(refusal, TooManyLookups):
        response["Retry-After"] = str(refusal.data["retry_after"])
    return response


def sealed(found: Found, place: str) -> str:
    """What the bank said, for one customer or desk alone, so that it cannot differ when it is confirmed."""
    kept = {"until": timezone.now().timestamp() + FOUND_LIFE, **asdict(found)}
    return encryption.seal(json.dumps(kept), aad=place)


def opened(token: str, place: str) -> Found | None:
    try:
        kept = json.loads(encryption.open_sealed(token, aad=place))
    except encryption.DecryptionFailed:
        return None
    return Found(**kept) if kept.pop("until") > timezone.now().timestamp() else None


def _place(user: User) -> str:
    return f"bank_account.found.{user.pk}"
