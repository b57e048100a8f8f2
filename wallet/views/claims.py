"""What goes back to where it came from, as its customer sees it: refunds and disputed payments."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from wallet.models import Dispute, Refund
from wallet.views.access import wallet_page


@wallet_page
@require_safe
def refund(request: PersonRequest, refund_id: UUID) -> HttpResponse:
    rows = Refund.objects.visible_to(request.user).select_related("payment")
    return render(request, "wallet/refund.html", {"refund": get_object_or_404(rows, pk=refund_id)})


@wallet_page
@require_safe
def dispute(request: PersonRequest, dispute_id: UUID) -> HttpResponse:
    rows = Dispute.objects.visible_to(request.user).select_related("payment")
    return render(request, "wallet/dispute.html", {"dispute": get_object_or_404(rows, pk=dispute_id)})
