"""Taking a posting back: a small one at once, a larger one as a proposal to somebody else."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import approvals
from accounts.form_keys import OnceForm, new_form_key
from accounts.proposals import ProposalForm
from accounts.roles import REVERSE
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import TRANSACTIONS_PER_POSTING
from wallet.admin.proposals import DescriptionField
from wallet.models import Transaction
from wallet.services.approved import reversals
from wallet.services.reversals import most_alone


class TakeBackForm(OnceForm, ProposalForm):
    description = DescriptionField()

    field_order = ("description", "reason", "ticket")

    @property
    def reversal_id(self) -> UUID:
        """The id of the posting to be: one for each form, however often it is sent."""
        return UUID(int=self.cleaned_data["form_key"].int & ~(TRANSACTIONS_PER_POSTING - 1))


def take_back(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let in who may reverse, and proves once more who they are. Raises PermissionDenied, Http404."""
    if not request.user.has_perm(REVERSE):
        raise PermissionDenied
    answer: HttpResponse = _take_back(request, key)
    return answer


@step_up_required
def _take_back(request: HttpRequest, key: UUID) -> HttpResponse:
    row = Transaction.objects.of_posting(key).first() if key.int % TRANSACTIONS_PER_POSTING == 0 else None
    if row is None:
        raise Http404
    if reversals.amount_of(key) > most_alone(currency=row.currency, on=timezone.localdate()):
        way = reverse("admin:accounts_propose", args=[reversals.CODE])
        messages.info(request, str(reversals.TakesTwoPeople.message))
        return redirect(f"{way}?{urlencode({'posting': str(key)})}")
    user: Any = request.user
    place = f"take-back.{user.pk}.{key}"
    if request.method != "POST":
        return _page(request, row, TakeBackForm(place=place, initial={"form_key": new_form_key(place)}))
    form = TakeBackForm(request.POST, place=place)
    if form.is_valid():
        facts = {name: form.cleaned_data[name] for name in ("reason", "ticket", "description")}
        try:
            reversals.reverse_alone(
                reversal_id=form.reversal_id, reverses=key, by=user, at=timezone.now(), **facts
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Taken back."))
            return redirect("admin:wallet_transaction_change", form.reversal_id)
    return _page(request, row, form)


def _page(request: HttpRequest, row: Transaction, form: TakeBackForm) -> HttpResponse:
    described = approvals.action_of(reversals.CODE).describe(
        {"posting": str(row.posting_id), "description": ""}
    )
    context = {
        **admin.site.each_context(request),
        "row": row,
        "form": form,
        "described": described[:-1],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "admin/wallet/transaction/take_back.html", context, status=status)
