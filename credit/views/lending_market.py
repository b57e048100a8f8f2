"""A lender's market: applications that take offers, what was released of one, and the lender's own offers."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.actors import acting_as_service
from core.errors import DomainError
from credit import offer_words
from credit.bid_forms import BidForm, MarketForm
from credit.models import Application, Bid, LoanProduct
from credit.offering import Figures
from credit.refusals import ApplicationNotFound, ProviderNotActive
from credit.released import FIELDS
from credit.services import bidding, looking, outcomes
from credit.services.locking import database_now
from credit.services.looking import Look
from credit.views.lending import Desk, desk_of, managed_desk
from wallet.templatetags.wallet import plain_amount

USUAL_DAYS = 7
CHOICES = {"purpose": Application.Purpose, "employment": Application.Employment}


@never_cache
@require_safe
def market(request: PersonRequest, slug: str) -> HttpResponse:
    """Applications that take offers, the newest first; `before` is where the last page ended."""
    desk = desk_of(request, slug)
    form = MarketForm(request.GET)
    most = form.cleaned_data["most"] if form.is_valid() else None
    before = _uuid(request.GET.get("before", ""))
    try:
        found = looking.open_applications(
            provider_id=desk.provider.pk, by=request.user, at=database_now(), after=before, most=most
        )
    except ProviderNotActive as refusal:
        return render(request, "lending/market.html", {"desk": desk, "here": "market", "refusal": refusal})
    page = found[: looking.PAGE]
    kept = f"most={plain_amount(most)}&" if most else ""
    context = {
        "desk": desk,
        "form": form,
        "listings": page,
        "older": f"?{kept}before={page[-1].application.pk}" if len(found) > looking.PAGE else "",
        "newer": f"?{kept}" if before else "",
        "is_narrowed": most is not None,
        "here": "market",
    }
    return render(request, "lending/market.html", context)


@never_cache
@require_safe
def application(request: PersonRequest, slug: str, application_id: UUID) -> HttpResponse:
    """What was released of an application; that it was looked at is written down."""
    desk = desk_of(request, slug)
    look = _look(request, desk, application_id)
    context = {"desk": desk, "look": look, "facts": facts_of(look), "here": "market"}
    return render(request, "lending/application.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bid(request: PersonRequest, slug: str, application_id: UUID) -> HttpResponseBase:
    """Ask what is offered, show what it comes to, and offer it. An open offer of one's own is replaced."""
    desk = managed_desk(request, slug)
    if request.method != "POST":
        look = _look(request, desk, application_id)
        place = _place(request, desk, application_id)
        initial = {"form_key": new_form_key(place), "days": USUAL_DAYS, **_first(look)}
        form = BidForm(initial=initial, place=place, products=_products(desk))
        return _bid_page(request, desk, look.application, form)
    if request.POST.get("do") != "offer":
        return _priced(request, desk, application_id)
    made: HttpResponseBase = _offer(request, desk, application_id)
    return made


def _priced(request: PersonRequest, desk: Desk, application_id: UUID) -> HttpResponse:
    """Show what was typed would come to; nothing is offered yet."""
    asked, form = _typed(request, desk, application_id)
    figures = None
    if form.is_valid():
        at = database_now()
        try:
            figures = bidding.work_out(
                provider_id=desk.provider.pk, by=request.user, wish=form.wish(at), at=at
            )
        except DomainError as refusal:
            form.add_error(None, offer_words.to_lender(refusal))
    return _bid_page(request, desk, asked, form, figures=figures)


@step_up_required
def _offer(request: PersonRequest, desk: Desk, application_id: UUID) -> HttpResponse:
    """Make the offer. A second click finds it made."""
    asked, form = _typed(request, desk, application_id)
    if form.is_valid():
        at = database_now()
        try:
            bidding.make_bid(
                bid_id=form.cleaned_data["form_key"],
                application_id=application_id,
                provider_id=desk.provider.pk,
                by=request.user,
                wish=form.wish(at),
                at=at,
                replaces=form.cleaned_data["replaces"],
            )
        except DomainError as refusal:
            form.add_error(None, offer_words.to_lender(refusal))
        else:
            messages.success(request, _("Your offer is made, and its money set aside."))
            return redirect("lending_bids", desk.slug)
    return _bid_page(request, desk, asked, form)


@never_cache
@require_safe
def bids(request: PersonRequest, slug: str) -> HttpResponse:
    """The lender's own offers, the newest first. Once bidding is over, each tells how it stood."""
    desk = desk_of(request, slug)
    before = _uuid(request.GET.get("before", ""))
    found = looking.own_bids(provider_id=desk.provider.pk, by=request.user, before=before)
    page, at = found[: looking.PAGE], database_now()
    with acting_as_service():
        results = outcomes.outcomes(page, at=at)
    context = {
        "desk": desk,
        "rows": [(one, offer_words.TONES[Bid.State(one.state)], results.get(one.pk)) for one in page],
        "older": f"?before={page[-1].pk}" if len(found) > looking.PAGE else "",
        "newer": "?" if before else "",
        "here": "bids",
    }
    return render(request, "lending/bids.html", context)


@never_cache
@require_POST
def withdraw(request: PersonRequest, slug: str, bid_id: UUID) -> HttpResponse:
    """Take an open offer back; that moves no money out, so no proof is asked for."""
    desk = managed_desk(request, slug)
    try:
        bidding.withdraw_bid(bid_id=bid_id, by=request.user, at=database_now())
    except DomainError as refusal:
        messages.error(request, offer_words.to_lender(refusal))
    else:
        messages.info(request, _("The offer is taken back. What it had set aside is free again."))
    return redirect("lending_bids", desk.slug)


def facts_of(look: Look) -> list[tuple[str, object, bool]]:
    """What was released, in the order of the list: its label, its value in words, and whether it is an amount."""
    facts: list[tuple[str, object, bool]] = []
    for field in FIELDS:
        value = look.file.get(field.name)
        if value in (None, ""):
            continue
        shown = CHOICES[field.name](value).label if field.name in CHOICES else value
        if isinstance(value, date):
            shown = date_format(value, "F Y")
        facts.append((str(offer_words.RELEASED[field.name]), shown, field.is_money))
    return facts


def _look(request: PersonRequest, desk: Desk, application_id: UUID) -> Look:
    try:
        return looking.look(
            application_id=application_id,
            provider_id=desk.provider.pk,
            by=request.user,
            at=database_now(),
        )
    except (ApplicationNotFound, ProviderNotActive) as refusal:
        raise Http404 from refusal


def _typed(request: PersonRequest, desk: Desk, application_id: UUID) -> tuple[Application, BidForm]:
    look = _look(request, desk, application_id)
    form = BidForm(request.POST, place=_place(request, desk, application_id), products=_products(desk))
    return look.application, form


def _first(look: Look) -> dict[str, object]:
    """What stands in the form at first: what was asked, or the open offer that is to be replaced."""
    own, asked = look.own, look.application
    if own is None:
        return {"amount": plain_amount(asked.amount or 0), "count": asked.count}
    return {
        "amount": plain_amount(own.amount),
        "count": own.count,
        "rate": f"{own.rate:f}".rstrip("0").rstrip("."),
        "replaces": own.pk,
        "product": str(own.product_terms.product_id),
    }


def _products(desk: Desk) -> Sequence[LoanProduct]:
    return list(LoanProduct.objects.filter(provider=desk.provider, is_open=True).order_by("name"))


def _place(request: PersonRequest, desk: Desk, application_id: UUID) -> str:
    return f"credit.bid.{request.user.pk}.{desk.provider.pk}.{application_id}"


def _bid_page(
    request: PersonRequest,
    desk: Desk,
    asked: Application,
    form: BidForm,
    *,
    figures: Figures | None = None,
) -> HttpResponse:
    context = {"desk": desk, "application": asked, "form": form, "figures": figures, "here": "market"}
    return render(request, "lending/bid.html", context, status=422 if form.errors else 200)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
