"""The control page of Xpress Wallet: what there is, what goes wrong next, and what the world outside does."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from wallet.sandbox import overview
from wallet.sandbox.companies import XPRESS_WALLET
from wallet.sandbox.forms import BalanceForm, DepositForm, FaultForm
from wallet.sandbox.models import SandboxXpressRow, SandboxXpressWallet
from wallet.sandbox.xpress_wallet import movements
from wallet.sandbox.xpress_wallet.movements import kobo, naira


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def control(request: HttpRequest) -> HttpResponse:
    """Everything at once; posting adds a misbehaviour."""
    form = FaultForm(request.POST or None, company=XPRESS_WALLET)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect(XPRESS_WALLET.page)
    return _page(request, form=form)


@login_not_required
@require_POST
def change_balance(request: HttpRequest) -> HttpResponse:
    """Pay our wallet there up, or take from it."""
    form = BalanceForm(request.POST)
    if not form.is_valid():
        return _page(request, balance_form=form)
    movements.top_up(amount=naira(form.cleaned_data["change"]), at=timezone.now())
    return redirect(XPRESS_WALLET.page)


@login_not_required
@require_POST
def pay_in(request: HttpRequest) -> HttpResponse:
    """Somebody pays into an account number."""
    form = DepositForm(request.POST)
    if not form.is_valid():
        return _page(request, deposit_form=form)
    movements.deposit(**form.cleaned_data | {"amount": naira(form.cleaned_data["amount"])}, at=timezone.now())
    return redirect(XPRESS_WALLET.page)


@login_not_required
@require_POST
def decide(request: HttpRequest, row_id: int) -> HttpResponse:
    """A payout arrives, fails or comes back."""
    row = get_object_or_404(SandboxXpressRow, pk=row_id)
    movements.decide(row_id=row.pk, action=request.POST.get("action", ""), at=timezone.now())
    return redirect(XPRESS_WALLET.page)


def _page(request: HttpRequest, **forms: object) -> HttpResponse:
    """The page with these forms as they were filled in, and empty ones for the rest."""
    rows = list(SandboxXpressRow.objects.order_by("-pk")[: overview.SHOWN])
    told = overview.webhooks(*(row.about or row.reference for row in rows))
    ours = SandboxXpressWallet.objects.filter(number=movements.OURS).first()
    context = {
        "company": XPRESS_WALLET,
        "form": FaultForm(company=XPRESS_WALLET),
        "balance_form": BalanceForm(),
        "deposit_form": DepositForm(),
        "faults": XPRESS_WALLET.faults().order_by("pk"),
        "balance": kobo(ours.balance) if ours else None,
        "wallets": SandboxXpressWallet.objects.exclude(customer_id=None).order_by("-pk")[: overview.SHOWN],
        "rows": [(overview.Told(row, told[row.about or row.reference]), kobo(row.amount)) for row in rows],
        **forms,
    }
    wrong = any(getattr(form, "errors", None) for form in forms.values())
    return render(request, "sandbox/xpress_wallet/control.html", context, status=422 if wrong else 200)
