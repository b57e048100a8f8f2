"""A running loan as its borrower sees it: what is owed, what comes next, its schedule and how that changed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonRequest
from core.errors import DomainError
from core.templatetags.money import money
from credit import loan_words
from credit.loan_chart import chart_of
from credit.models import Loan, LoanTransaction, Position, Provider, ScheduleVersion
from credit.services.reading import read_loan
from credit.services.refunding import refund
from credit.states import State
from credit.views.drawing import new_draw_form, open_part
from wallet.views.access import own_wallet, wallet_page

LATEST = 10
ENDED = (State.CLOSED_MET, State.CLOSED_REFINANCED)


def own_loan(request: PersonRequest, loan_id: UUID) -> Loan:
    """Return the person's loan with its application and contract; another's is not found."""
    loans = Loan.objects.visible_to(request.user).select_related("application", "contract", "replaced_by")
    return get_object_or_404(loans, pk=loan_id)


@wallet_page
@require_safe
def loan(request: PersonRequest, loan_id: UUID) -> HttpResponse:
    own_wallet(request.user)
    found, today = own_loan(request, loan_id), timezone.localdate()
    reading = read_loan(found, on=today)
    position = Position.objects.get(pk=found.pk)
    following = reading.next_row
    happened = LoanTransaction.objects.filter(loan=found).select_related("reversed_by").order_by("-number")
    state = State(found.application.state)
    drawable = open_part(found.contract, found.application)
    context = {
        "loan": found,
        "state": state,
        "tone": loan_words.tone(state),
        "reading": reading,
        "next_row": following,
        "days_to_next": (following.due - today).days if following else None,
        "position": position,
        "is_paused": bool(position.paused_until and position.paused_until > today),
        "may_pay": state == State.ACTIVE and position.parked_at is None,
        "has_ended": state in ENDED,
        "is_overpaid": state == State.OVERPAID,
        "happened": [(row, loan_words.icon(row.kind)) for row in happened[:LATEST]],
        "lenders": Provider.objects.filter(shares__contract=found.contract_id).order_by("display_name"),
        "chart": chart_of(reading.rows),
        "today": today,
        "drawable": drawable,
        "draw_form": new_draw_form(found.application) if drawable else None,
    }
    return render(request, "credit/loan.html", context)


@wallet_page
@require_safe
def schedule(request: PersonRequest, loan_id: UUID) -> HttpResponse:
    """The schedule as it stands, and each one that held before, readable for ever."""
    found, today = own_loan(request, loan_id), timezone.localdate()
    versions = list(
        ScheduleVersion.objects.filter(loan=found).select_related("transaction").order_by("-number")
    )
    wanted = request.GET.get("version", "")
    chosen = next((one for one in versions if str(one.number) == wanted), None)
    reading = read_loan(found, on=today)
    context = {
        "loan": found,
        "versions": versions,
        "chosen": chosen,
        "instalments": chosen.instalments.order_by("number") if chosen else None,
        "reading": reading,
        "chart": chart_of(reading.rows),
    }
    return render(request, "credit/loan_schedule.html", context)


@wallet_page
@require_POST
def give_back(request: PersonRequest, loan_id: UUID) -> HttpResponse:
    """What was paid too much goes back to where it came from. A second click finds it done."""
    found = own_loan(request, loan_id)
    try:
        row = refund(loan_id=found.pk, user=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, loan_words.refusal(refusal, found.currency_id))
    else:
        amount = money(row.amount, found.currency_id)
        messages.success(request, _("%(amount)s is back in your wallet.") % {"amount": amount})
    return redirect("loan", found.pk)
