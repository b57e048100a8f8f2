"""A merchant takes money out: to a bank account of its organisation, after a look at it, or to an owner's wallet."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.db.transaction import on_commit
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import posting_id_of, uuid7
from core.templatetags.money import money
from wallet import payout_tasks
from wallet.merchant_forms import BankSettleForm, SettleForm
from wallet.models import Account, MerchantSettlement
from wallet.refusals import InsufficientFunds
from wallet.services.bank_accounts import BankAccountGone
from wallet.services.merchants import settling
from wallet.services.payouts import NewBankAccount, PayoutQuote
from wallet.templatetags.wallet import plain_amount
from wallet.views.merchant_banks import bank_account_of
from wallet.views.merchants import Desk, account_of, managed_desk
from wallet.views.withdrawals import Order, poll_seconds

LATEST = 10


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settle(request: PersonRequest, slug: str) -> HttpResponse:
    """Ask to which bank and how much; show what would happen."""
    desk = managed_desk(request, slug)
    account, banks = account_of(desk.merchant), settling.bank_accounts_of(desk.merchant)
    if request.method != "POST" or not banks:
        first = {"bank_account": str(banks[0].pk)} if banks else {}
        return _form_page(request, desk, account, BankSettleForm(initial=first, accounts=banks))
    form = BankSettleForm(request.POST, accounts=banks)
    if not form.is_valid():
        return _form_page(request, desk, account, form)
    bank, amount, at = form.cleaned_data["bank_account"], form.cleaned_data["amount"], timezone.now()
    try:
        quote = settling.quote_settlement(
            merchant=desk.merchant,
            account=account,
            bank_account=bank,
            amount=settling.everything(account=account, at=at) if amount is None else amount,
            at=at,
        )
    except DomainError as refusal:
        return _refused(request, desk, account, form, refusal)
    return _review_page(request, desk, account, quote)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Whoever comes by a link, as after signing in again, has nothing to confirm and starts anew."""
    desk = managed_desk(request, slug)
    if request.method != "POST":
        return redirect("merchant_settle", slug)
    confirmed: HttpResponseBase = _confirm(request, desk)
    return confirmed


@step_up_required
def _confirm(request: PersonRequest, desk: Desk) -> HttpResponse:
    """Set aside what was reviewed, and have it sent. A second click, or a second window, finds it there."""
    try:
        order = Order.opened(request.POST.get("order", ""), request.user)
    except signing.BadSignature:
        messages.error(
            request, _("This review is no longer valid, so nothing was sent just now. Please start again.")
        )
        return redirect("merchant_settle", desk.slug)
    bank = bank_account_of(desk, UUID(order.bank_account))
    try:
        payout = settling.settle_to_bank(
            merchant=desk.merchant,
            by=request.user,
            payout_id=UUID(order.payout),
            bank_account=bank,
            amount=order.amount,
            expected_fee=order.fee,
            at=timezone.now(),
        )
    except DomainError as refusal:
        form = BankSettleForm(order.as_typed(), accounts=settling.bank_accounts_of(desk.merchant))
        form.is_valid()
        return _refused(request, desk, account_of(desk.merchant), form, refusal)
    on_commit(partial(payout_tasks.order_payout.delay, payout_id=str(payout.pk)), robust=True)
    return redirect("merchant_settlement", desk.slug, payout.pk)


@never_cache
@require_safe
def settlement(request: PersonRequest, slug: str, payout_id: UUID) -> HttpResponse:
    """What became of it: not sent, being checked, or sent. Asks again by itself while that is open."""
    desk = managed_desk(request, slug)
    payout = settling.payout_of(desk.merchant, payout_id)
    if payout is None:
        raise Http404
    if request.htmx and request.GET.get("seen") == payout.state:
        return HttpResponse(status=204)
    context = {"desk": desk, "payout": payout, "poll_seconds": poll_seconds(payout), "here": "settle"}
    page = "merchants/_settlement.html" if request.htmx else "merchants/settlement.html"
    return render(request, page, context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settle_to_wallet(request: PersonRequest, slug: str) -> HttpResponseBase:
    desk = managed_desk(request, slug, owner=True)
    if request.method != "POST":
        place = _place(request, desk)
        first = {
            "form_key": new_form_key(place),
            "amount": plain_amount(account_of(desk.merchant).available),
        }
        return _wallet_page(request, desk, SettleForm(initial=first, place=place))
    answer: HttpResponseBase = _settle_to_wallet(request, desk)
    return answer


@step_up_required
def _settle_to_wallet(request: PersonRequest, desk: Desk) -> HttpResponse:
    """Take money out, to the wallet of the owner who asks."""
    form = SettleForm(request.POST, place=_place(request, desk))
    if form.is_valid():
        typed = form.cleaned_data
        try:
            settling.settle_to_wallet(
                merchant=desk.merchant,
                by=request.user,
                posting_id=posting_id_of(typed["form_key"]),
                amount=typed["amount"],
                at=timezone.now(),
            )
        except InsufficientFunds as refusal:
            there = money(int(refusal.data["available"]), "NGN")
            form.add_error("amount", _("There is %(amount)s in the account.") % {"amount": there})
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            said = _("%(amount)s is in your own account now.") % {"amount": money(typed["amount"], "NGN")}
            messages.success(request, said)
            return redirect("merchant", desk.slug)
    return _wallet_page(request, desk, form)


def _place(request: PersonRequest, desk: Desk) -> str:
    return f"settle.{request.user.pk}.{desk.merchant.pk}"


def _review_page(request: PersonRequest, desk: Desk, account: Account, quote: PayoutQuote) -> HttpResponse:
    order = Order(
        payout=str(uuid7()),
        bank_account=str(quote.bank_account.pk),
        amount=quote.amount,
        fee=quote.fee.total,
    )
    context = {
        "desk": desk,
        "account": account,
        "quote": quote,
        "order": order.signed(request.user),
        "here": "settle",
    }
    return render(request, "merchants/settle_review.html", context)


def _form_page(
    request: PersonRequest, desk: Desk, account: Account, form: BankSettleForm, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "desk": desk,
        "form": form,
        "account": account,
        "accounts": list(form.accounts),
        "sent": settling.payouts_of(desk.merchant, limit=LATEST),
        "here": "settle",
    }
    return render(request, "merchants/settle.html", context, status=422 if form.errors else status)


def _refused(
    request: PersonRequest, desk: Desk, account: Account, form: BankSettleForm, refusal: DomainError
) -> HttpResponse:
    """The form as it was typed, with the reason; missing money is told with the money that is there."""
    if isinstance(refusal, InsufficientFunds):
        there = money(int(refusal.data["available"]), account.currency_id)
        form.add_error(
            "amount", _("With the fee this is more than the %(amount)s there is.") % {"amount": there}
        )
    elif isinstance(refusal, NewBankAccount | BankAccountGone):
        form.add_error("bank_account", str(refusal))
    elif refusal.code.startswith("payout_too_"):
        form.add_error("amount", str(refusal))
    else:
        form.add_error(None, str(refusal))
    return _form_page(request, desk, account, form)


def _wallet_page(request: PersonRequest, desk: Desk, form: SettleForm) -> HttpResponse:
    past = MerchantSettlement.objects.visible_to(request.user).filter(merchant=desk.merchant)
    context = {
        "desk": desk,
        "form": form,
        "account": account_of(desk.merchant),
        "past": list(past.order_by("-pk")[:LATEST]),
        "here": "settle",
    }
    return render(request, "merchants/settle_wallet.html", context, status=422 if form.errors else 200)
