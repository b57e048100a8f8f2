"""What goes back to where it came from, as its customer sees it: refunds and disputed payments."""

from uuid import UUID

from django.contrib import messages
from django.db.transaction import on_commit
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.form_keys import new_form_key
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.actors import acting_as, acting_as_service, outside_transaction
from core.errors import DomainError
from core.templatetags.money import money
from wallet import money_in_tasks, services
from wallet.claim_forms import AskBackForm, RefundAccountForm
from wallet.models import BankAccount, Dispute, Payment, Refund
from wallet.refusals import InsufficientFunds
from wallet.services.refunds import RefundTooLarge, left_to_refund
from wallet.templatetags.wallet import plain_amount
from wallet.views.access import wallet_page
from wallet.views.bank_accounts import saved_accounts


@wallet_page
@require_safe
def refund(request: PersonRequest, refund_id: UUID) -> HttpResponse:
    return render(request, "wallet/refund.html", {"refund": _own(request.user, refund_id)})


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def ask_back(request: PersonRequest, payment_id: UUID) -> HttpResponseBase:
    """How much of a deposit goes back; pressing the button asks for the second factor."""
    rows = Payment.objects.visible_to(request.user).select_related("account")
    payment = get_object_or_404(rows, pk=payment_id)
    if not payment.is_credited:
        return redirect("payment", payment.pk)
    if request.method == "POST":
        asked: HttpResponseBase = _ask_back(request, payment)
        return asked
    place = _place(request.user, payment)
    initial = {"amount": plain_amount(_left(payment)), "form_key": new_form_key(place)}
    return _ask_page(request, payment, AskBackForm(initial=initial, place=place))


@step_up_required
def _ask_back(request: PersonRequest, payment: Payment) -> HttpResponse:
    form = AskBackForm(request.POST, place=_place(request.user, payment))
    if form.is_valid():
        try:
            made = services.ask_back(
                payment=payment,
                amount=form.cleaned_data["amount"],
                note=form.cleaned_data["note"],
                by=request.user,
                refund_id=form.cleaned_data["form_key"],
                at=timezone.now(),
            )
        except InsufficientFunds as refusal:
            there = money(int(refusal.data["available"]), payment.currency_id)
            form.add_error("amount", _("You have %(amount)s available.") % {"amount": there})
        except DomainError as refusal:
            form.add_error("amount" if isinstance(refusal, RefundTooLarge) else None, str(refusal))
        else:
            on_commit(money_in_tasks.settle_refunds.delay, robust=True)
            return redirect("refund", made.pk)
    return _ask_page(request, payment, form, status=422)


def _ask_page(request: PersonRequest, payment: Payment, form: AskBackForm, status: int = 200) -> HttpResponse:
    context = {"payment": payment, "form": form, "left": _left(payment)}
    return render(request, "wallet/refund_ask.html", context, status=status)


def _left(payment: Payment) -> int:
    """What may go back of it, of which its customer does not see every part."""
    with acting_as_service():
        return left_to_refund(payment)


def _place(user: User, payment: Payment) -> str:
    return f"ask_back.{user.pk}.{payment.pk}"


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
@outside_transaction
def account(request: PersonRequest, refund_id: UUID) -> HttpResponseBase:
    """To which bank account a refund goes instead; choosing one asks for the second factor."""
    with acting_as(request.user):
        found = _own(request.user, refund_id)
        others = BankAccount.Holder.OTHER
        accounts = [one for one in saved_accounts(request.user) if one.holder != others]
    if not found.needs_account:
        return redirect("refund", found.pk)
    if request.method == "POST":
        sent: HttpResponseBase = _send(request, found, accounts)
        return sent
    initial = {"bank_account": str(accounts[0].pk) if accounts else ""}
    return _account_page(request, found, RefundAccountForm(initial=initial, accounts=accounts), accounts)


@step_up_required
def _send(request: PersonRequest, found: Refund, accounts: list[BankAccount]) -> HttpResponse:
    """Store the account and tell the gateway. While it does not answer, a worker goes on."""
    form = RefundAccountForm(request.POST, accounts=accounts)
    if not form.is_valid():
        return _account_page(request, found, form, accounts, status=422)
    chosen, at = form.cleaned_data["bank_account"], timezone.now()
    try:
        services.supply_account(refund=found, bank_account=chosen, by=request.user, at=at)
        services.send_to_account(refund_id=found.pk, at=at)
    except DomainError as refusal:
        form.add_error("bank_account", str(refusal))
        return _account_page(request, found, form, accounts, status=422)
    messages.success(request, _("The refund goes to %(account)s.") % {"account": chosen})
    return redirect("refund", found.pk)


def _account_page(
    request: PersonRequest,
    found: Refund,
    form: RefundAccountForm,
    accounts: list[BankAccount],
    status: int = 200,
) -> HttpResponse:
    with acting_as(request.user):
        context = {"refund": found, "form": form, "accounts": accounts}
        return render(request, "wallet/refund_account.html", context, status=status)


def _own(user: User, refund_id: UUID) -> Refund:
    rows = Refund.objects.visible_to(user).select_related("payment", "bank_account")
    return get_object_or_404(rows, pk=refund_id)


@wallet_page
@require_safe
def dispute(request: PersonRequest, dispute_id: UUID) -> HttpResponse:
    rows = Dispute.objects.visible_to(request.user).select_related("payment")
    return render(request, "wallet/dispute.html", {"dispute": get_object_or_404(rows, pk=dispute_id)})
