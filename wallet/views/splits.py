"""Splitting a bill, and seeing who has paid."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from accounts.services import RecipientNotFound
from core.errors import DomainError
from core.views import slow_down
from wallet import services
from wallet.models import PaymentRequest, SplitBill
from wallet.request_forms import SplitForm
from wallet.services.lookups import TooManyLookups
from wallet.services.requests import splitting
from wallet.services.requests.asking import RequestAmount, RequestOneself
from wallet.services.requests.people import people_of
from wallet.views.access import own_wallet, wallet_page
from wallet.views.requests import TONES


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def split(request: PersonRequest) -> HttpResponse:
    own_wallet(request.user)
    place = f"split.{request.user.pk}"
    if request.method != "POST":
        form = SplitForm(initial={"form_key": new_form_key(place), "with_owner": True}, place=place)
        return _form_page(request, form)
    form = SplitForm(request.POST, place=place)
    if form.is_valid():
        typed, now = form.cleaned_data, timezone.now()
        people, shares = typed["people"]
        try:
            for _person in people:
                services.count_lookup(user_id=request.user.pk, at=now)
            made = splitting.split_bill(
                owner=request.user,
                title=typed["title"],
                total=typed["total"],
                people=people,
                shares=shares,
                with_owner=typed["with_owner"],
                split_id=typed["form_key"],
                at=now,
            )
        except TooManyLookups as refusal:
            return slow_down(request, seconds=refusal.data["retry_after"])
        except DomainError as refusal:
            form.add_error(_field_of(refusal), str(refusal))
        else:
            messages.success(request, _("Everybody is asked for their share."))
            return redirect("split_bill", made.pk)
    return _form_page(request, form)


@wallet_page
@require_safe
def split_page(request: PersonRequest, split_id: UUID) -> HttpResponse:
    """Who owes what of a bill, and how much has come."""
    bill = get_object_or_404(SplitBill.objects.filter(owner=request.user), pk=split_id)
    asked = list(PaymentRequest.objects.visible_to(request.user).filter(split=bill).order_by("pk"))
    people = people_of(user_ids=[each.payer_id for each in asked])
    owed = bill.total - bill.own_share
    paid = sum(each.amount for each in asked if each.state == PaymentRequest.State.PAID)
    context = {
        "bill": bill,
        "parts": [(each, people.get(each.payer_id), TONES.get(each.state, "neutral")) for each in asked],
        "owed": owed,
        "paid": paid,
        "percent": paid * 100 // owed,
        "here": "split",
    }
    return render(request, "requests/split_bill.html", context)


def _form_page(request: PersonRequest, form: SplitForm) -> HttpResponse:
    bills = list(SplitBill.objects.filter(owner=request.user).order_by("-pk")[:10])
    context = {"form": form, "bills": bills, "here": "split"}
    return render(request, "requests/split.html", context, status=422 if form.errors else 200)


def _field_of(refusal: DomainError) -> str | None:
    if isinstance(refusal, RecipientNotFound | RequestOneself | splitting.SplitRefused):
        return "people"
    return "total" if isinstance(refusal, RequestAmount) else None
