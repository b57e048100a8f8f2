"""A customer's own account number: asking for it, and having a transfer into it looked for."""

from contextlib import suppress

import segno
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.requests import PersonRequest
from core.actors import acting_as, outside_transaction
from core.errors import DomainError
from wallet import services
from wallet.gateways.base import GatewayError
from wallet.models import DedicatedAccount
from wallet.views.access import own_wallet, wallet_page


def number_of(user: User) -> DedicatedAccount | None:
    """The number a customer has or waits for; failing that the last one, when it was not given."""
    mine = DedicatedAccount.objects.visible_to(user).order_by("-id")
    return mine.standing().first() or mine.filter(state=DedicatedAccount.State.FAILED).first()


def qr_of(row: DedicatedAccount) -> str:
    """The number, bank and name as a picture that another telephone reads."""
    words = f"{row.bank_name}\n{row.account_number}\n{row.account_name}"
    svg: str = segno.make(words, error="m").svg_inline(scale=4, border=2)
    return svg


@wallet_page
@require_POST
@outside_transaction
def ask(request: PersonRequest) -> HttpResponse:
    at = timezone.now()
    with acting_as(request.user):
        wallet = own_wallet(request.user)
    try:
        row = services.ask_for_account(user=request.user, wallet=wallet, at=at)
        with suppress(GatewayError):
            row = services.open_account(row_id=row.pk, at=at)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        if row.state == DedicatedAccount.State.ACTIVE:
            messages.success(request, _("Your account number is ready."))
    return redirect("add_money")


@wallet_page
@require_POST
@outside_transaction
def search(request: PersonRequest) -> HttpResponse:
    """I have paid, where is it?"""
    with acting_as(request.user):
        row = DedicatedAccount.objects.visible_to(request.user).filter(state="ACTIVE").first()
    if row is not None:
        try:
            services.search_transfers(row=row, at=timezone.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("We have asked the bank. If your transfer is there, it arrives in a few minutes.")
            )
    return redirect("add_money")
