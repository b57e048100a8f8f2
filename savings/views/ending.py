"""Ending a saving: what it comes to, line by line, held for a quarter of an hour; then done exactly so."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.templatetags.money import money
from savings import services, wording
from savings.models import ClosingQuote, UserSavings
from savings.outlook import outlook_of
from savings.refusals import QuoteOver
from savings.views.access import own_saving
from wallet.views.access import own_wallet, wallet_page


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: PersonRequest, pk: UUID) -> HttpResponseBase:
    """Quote first. Confirmed, the saving ends as it was quoted; a quote that no longer holds is made anew."""
    own_wallet(request.user)
    saving = own_saving(request, pk)
    if request.method != "POST" or "quote" not in request.POST:
        return _quote_page(request, saving)
    quote = get_object_or_404(ClosingQuote, saving=saving, pk=_id_of(request.POST["quote"]))
    if _is_costly(saving, quote) and "agreed" not in request.POST:
        return _page(request, saving, quote, status=422, is_missing=True)
    done: HttpResponseBase = _end(request, saving, quote)
    return done


@step_up_required
def _end(request: PersonRequest, saving: UserSavings, quote: ClosingQuote) -> HttpResponse:
    """A second click finds it ended."""
    try:
        services.end_saving(quote_id=quote.pk, user=request.user, at=timezone.now())
    except QuoteOver:
        why = _("The figures have changed since you looked, or a quarter of an hour is over. These hold now.")
        return _quote_page(request, own_saving(request, saving.pk), status=409, why=why)
    except DomainError as refusal:
        messages.error(request, wording.refusal(refusal, saving.plan.currency_id))
        return redirect("saving", saving.pk)
    facts = {"amount": money(quote.pays_out, saving.plan.currency_id), "name": saving.name}
    messages.success(request, _("%(name)s has ended. %(amount)s is in your wallet.") % facts)
    return redirect("saving", saving.pk)


def _quote_page(
    request: PersonRequest, saving: UserSavings, *, status: int = 200, why: str = ""
) -> HttpResponse:
    try:
        quote = services.quote_closing(saving_id=saving.pk, user=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, wording.refusal(refusal, saving.plan.currency_id))
        return redirect("saving", saving.pk)
    # Quoting closes the days that are over, which may have paid interest.
    return _page(request, own_saving(request, saving.pk), quote, status=status, why=why)


def _page(
    request: PersonRequest,
    saving: UserSavings,
    quote: ClosingQuote,
    *,
    status: int = 200,
    why: str = "",
    is_missing: bool = False,
) -> HttpResponse:
    today = timezone.localdate()
    position = services.positions_of(user=request.user, savings=[saving]).get(saving.pk)
    ahead = outlook_of(saving, quote.terms, position, None, on=today) if quote.is_early else None
    context = {
        "saving": saving,
        "quote": quote,
        "forgone": _forgone(saving, quote),
        "must_agree": _is_costly(saving, quote),
        "by_waiting": ahead.balance if ahead else None,
        "gain": ahead.balance - quote.pays_out if ahead else 0,
        "why": why,
        "is_missing": is_missing,
    }
    return render(request, "savings/end.html", context, status=status)


def _forgone(saving: UserSavings, quote: ClosingQuote) -> int:
    """Interest that was earned and that ending now leaves unpaid or takes back, before tax."""
    paid, _tax = services.paid_so_far(saving, until=quote.day)
    return max(quote.earned - quote.interest - max(paid - quote.taken_back, 0), 0)


def _is_costly(saving: UserSavings, quote: ClosingQuote) -> bool:
    return quote.costs > 0 or _forgone(saving, quote) > 0


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
