"""Having an organisation's balance sent to its bank each day: how it stands, and changing it. Owners change it."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.errors import DomainError
from wallet import merchant_words
from wallet.merchant_forms import DailyForm
from wallet.models import BankAccount
from wallet.services.bank_accounts import BankAccountGone
from wallet.services.merchants import daily, settling
from wallet.templatetags.wallet import plain_amount
from wallet.views.merchants import Desk, account_of, managed_desk

LATEST = 14
# What is offered where nothing was said yet, in minor units: ₦5,000.
USUAL = 500_000


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def daily_page(request: PersonRequest, slug: str) -> HttpResponseBase:
    """How it stands and what became of the last days; a POST changes it."""
    desk = managed_desk(request, slug, owner=request.method == "POST")
    banks = settling.bank_accounts_of(desk.merchant)
    if request.method != "POST" or not banks:
        chosen = desk.merchant.settles_to_id or (banks[0].pk if banks else None)
        settles_from = desk.merchant.settles_from or USUAL
        first = {"bank_account": str(chosen), "settles_from": plain_amount(settles_from)}
        return _page(request, desk, banks, DailyForm(initial=first, accounts=banks))
    answer: HttpResponseBase = _change(request, desk, banks)
    return answer


@step_up_required
def _change(request: PersonRequest, desk: Desk, banks: list[BankAccount]) -> HttpResponse:
    form = DailyForm(request.POST, accounts=banks)
    if form.is_valid():
        try:
            daily.settle_daily(
                merchant=desk.merchant, by=request.user, at=timezone.now(), **form.cleaned_data
            )
        except BankAccountGone as refusal:
            form.add_error("bank_account", str(refusal))
        except daily.SettlesFromRefused as refusal:
            form.add_error("settles_from", str(refusal))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your balance goes to your bank each day now."))
            return redirect("merchant_daily", desk.slug)
    return _page(request, desk, banks, form)


@never_cache
@require_POST
def stop(request: PersonRequest, slug: str) -> HttpResponse:
    """Keep the balance here until somebody sends it; that is no risk, so no proof is asked for."""
    desk = managed_desk(request, slug, owner=True)
    daily.stop_settling_daily(merchant=desk.merchant, by=request.user)
    messages.info(request, _("Nothing is sent by itself any more. What is on its way arrives."))
    return redirect("merchant_daily", slug)


def _page(request: PersonRequest, desk: Desk, banks: list[BankAccount], form: DailyForm) -> HttpResponse:
    runs = daily.runs_of(desk.merchant, limit=LATEST)
    chosen = [bank for bank in banks if bank.pk == desk.merchant.settles_to_id]
    context = {
        "desk": desk,
        "form": form,
        "accounts": banks,
        "account": account_of(desk.merchant),
        "chosen": chosen[0] if chosen else None,
        "runs": [(run, merchant_words.RUN_TONES[run.state]) for run in runs],
        "here": "settle",
    }
    return render(request, "merchants/daily.html", context, status=422 if form.errors else 200)
