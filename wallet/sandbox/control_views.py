"""The control page a developer sees: what there is, what goes wrong next, and what the world outside does."""

from contextlib import suppress

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from wallet.sandbox import (
    announcing,
    direct_charges,
    disputes,
    ledger,
    overview,
    refunds,
    settlements,
    transfers,
    virtual_accounts,
)
from wallet.sandbox.companies import PAYSTACK, Company
from wallet.sandbox.forms import BalanceForm, DepositForm, DisputeForm, FaultForm, SwitchesForm
from wallet.sandbox.models import SandboxCharge, SandboxDelivery, SandboxDispute, Switches


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def control(request: HttpRequest) -> HttpResponse:
    """Everything at once; posting adds a misbehaviour."""
    form = FaultForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("sandbox:control")
    return _page(request, form=form)


@login_not_required
@require_POST
def clear_faults(request: HttpRequest, company: Company = PAYSTACK) -> HttpResponse:
    company.faults().delete()
    return redirect(company.page)


@login_not_required
@require_POST
def set_up(request: HttpRequest) -> HttpResponse:
    """Set how this account at Paystack works."""
    found = Switches.objects.filter(pk=Switches.ONLY).first()
    form = SwitchesForm(request.POST, instance=found or Switches())
    if not form.is_valid():
        return _page(request, switches_form=form)
    form.save()
    return redirect("sandbox:control")


@login_not_required
@require_POST
def change_balance(request: HttpRequest) -> HttpResponse:
    """Pay our balance there up, or take from it."""
    form = BalanceForm(request.POST)
    if not form.is_valid():
        return _page(request, balance_form=form)
    ledger.move(
        currency="NGN",
        difference=form.cleaned_data["change"],
        reason="By hand",
        model=ledger.BY_HAND,
        row=0,
        at=timezone.now(),
        may_overdraw=True,
    )
    return redirect("sandbox:control")


@login_not_required
@require_POST
def pay_in(request: HttpRequest) -> HttpResponse:
    """Somebody pays into an account number."""
    form = DepositForm(request.POST)
    if not form.is_valid():
        return _page(request, deposit_form=form)
    virtual_accounts.deposit(**form.cleaned_data, at=timezone.now())
    return redirect("sandbox:control")


@login_not_required
@require_POST
def dial(request: HttpRequest, charge_id: int) -> HttpResponse:
    """A customer dials the code by which they pay."""
    get_object_or_404(SandboxCharge, pk=charge_id, steps=[direct_charges.USSD])
    direct_charges.dial(charge_id=charge_id, at=timezone.now())
    return redirect("sandbox:control")


@login_not_required
@require_POST
def raise_dispute(request: HttpRequest, charge_id: int) -> HttpResponse:
    """A customer's bank asks for a charge back, all of it where no amount is given."""
    charge = get_object_or_404(SandboxCharge, pk=charge_id, status=SandboxCharge.Status.SUCCESS)
    form = DisputeForm(request.POST)
    if form.is_valid():
        amount = min(form.cleaned_data["amount"] or charge.amount, charge.amount)
        disputes.raise_dispute(charge=charge, amount=amount, at=timezone.now())
    return redirect("sandbox:control")


@login_not_required
@require_POST
def decide_dispute(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """The bank reminds us, or decides."""
    dispute = get_object_or_404(SandboxDispute.objects.unresolved(), pk=dispute_id)
    action = request.POST.get("action")
    if action == "remind":
        disputes.remind(dispute=dispute, at=timezone.now())
    elif action in ("lost", "won"):
        disputes.decide(dispute_id=dispute_id, lost=action == "lost", at=timezone.now())
    return redirect("sandbox:control")


@login_not_required
@require_POST
def decide_transfer(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """A transfer arrives, fails or comes back."""
    action = request.POST.get("action")
    if action in ("SUCCESS", "FAILED", "REVERSED"):
        transfers.decide(transfer_id=transfer_id, status=action, at=timezone.now())
    return redirect("sandbox:control")


@login_not_required
@require_POST
def decide_refund(request: HttpRequest, refund_id: int) -> HttpResponse:
    """A refund arrives, fails or wants an account."""
    action = request.POST.get("action")
    if action in ("PROCESSED", "FAILED", "NEEDS_ATTENTION"):
        refunds.decide(refund_id=refund_id, status=action, at=timezone.now())
    return redirect("sandbox:control")


@login_not_required
@require_POST
def settle(request: HttpRequest) -> HttpResponse:
    """What was charged goes to our bank."""
    with suppress(settlements.NothingToSettle):
        settlements.settle(at=timezone.now())
    return redirect("sandbox:control")


@login_not_required
@require_POST
def decide_settlement(request: HttpRequest, settlement_id: int) -> HttpResponse:
    """A settlement reaches our bank, or does not."""
    action = request.POST.get("action")
    if action in ("SUCCESS", "FAILED"):
        settlements.decide(settlement_id=settlement_id, status=action, at=timezone.now())
    return redirect("sandbox:control")


@login_not_required
@require_POST
def resend(request: HttpRequest, delivery_id: int, company: Company = PAYSTACK) -> HttpResponse:
    announcing.resend(delivery=get_object_or_404(SandboxDelivery, pk=delivery_id))
    return redirect(company.page)


def _page(request: HttpRequest, **forms: object) -> HttpResponse:
    """The page with these forms as they were filled in, and empty ones for the rest."""
    found = Switches.objects.filter(pk=Switches.ONLY).first()
    context = {
        "company": PAYSTACK,
        "form": FaultForm(),
        "switches_form": SwitchesForm(instance=found or Switches()),
        "balance_form": BalanceForm(),
        "deposit_form": DepositForm(),
        "faults": PAYSTACK.faults().order_by("pk"),
        **overview.latest(),
        **forms,
    }
    wrong = any(getattr(form, "errors", None) for form in forms.values())
    return render(request, "sandbox/control.html", context, status=422 if wrong else 200)
