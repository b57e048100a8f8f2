"""An organisation's desk as a merchant: applying, how it goes, and what customers see of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import letters
from accounts.models import Membership
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from accounts.views.organizations import membership_in
from core.actors import acting_as, acting_as_service, outside_transaction
from core.errors import DomainError
from wallet import merchant_words
from wallet.merchant_forms import GatewayKeyForm, MerchantForm
from wallet.models import Account, Merchant, MerchantPayment
from wallet.services.merchants import applying, own_gateways, reports

LATEST = 5
# The chart's picture, in its own units.
WIDTH, HEIGHT, GAP = 560, 120, 6


class NotAMerchant(Http404):
    """The organisation has not applied yet."""


@dataclass(frozen=True)
class Desk:
    """Whose desk a page is about, and what the person at it is there."""

    mine: Membership
    merchant: Merchant

    @property
    def slug(self) -> str:
        return self.mine.organization.slug


@dataclass(frozen=True)
class Bar:
    """One day of the chart: what was paid (minor units), and where its bar stands."""

    date: date
    amount: int
    x: float
    y: float
    width: float
    height: float


def desk_of(request: PersonRequest, slug: str) -> Desk:
    """The desk of the organisation of this address. Raises Http404 for another's, NotAMerchant."""
    mine = membership_in(request, slug)
    merchants = Merchant.objects.visible_to(request.user).select_related("organization")
    merchant = merchants.filter(organization=mine.organization_id).first()
    if merchant is None:
        raise NotAMerchant
    return Desk(mine, merchant)


def managed_desk(request: PersonRequest, slug: str, *, owner: bool = False) -> Desk:
    """The same for its owners and administrators, or its owners. Raises Http404 for others, NotAMerchant."""
    desk = desk_of(request, slug)
    if not (desk.mine.owns if owner else desk.mine.manages):
        raise Http404
    return desk


@never_cache
@require_safe
def overview(request: PersonRequest, slug: str) -> HttpResponse:
    """What there is, what came in lately, and what can be done."""
    try:
        desk = desk_of(request, slug)
    except NotAMerchant:
        return redirect("merchant_apply", slug)
    today = timezone.localdate()
    chart = reports.chart_of(merchant=desk.merchant, today=today)
    latest = MerchantPayment.objects.visible_to(request.user).filter(merchant=desk.merchant).paid()
    context = {
        "desk": desk,
        "account": account_of(desk.merchant),
        "tone": merchant_words.MERCHANT_TONES[desk.merchant.state],
        "bars": bars_of(chart),
        "width": WIDTH,
        "height": HEIGHT,
        "today": chart[-1][1],
        "fortnight": sum(amount for _day, amount in chart),
        "latest": list(latest.select_related("link").order_by("-pk")[:LATEST]),
        "here": "overview",
    }
    return render(request, "merchants/overview.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: PersonRequest, slug: str) -> HttpResponse:
    """Ask that the organisation may be paid; its owners do."""
    mine = membership_in(request, slug)
    if Merchant.objects.visible_to(request.user).filter(organization=mine.organization_id).exists():
        return redirect("merchant", slug)
    if not mine.owns:
        return render(request, "merchants/not_yet.html", {"mine": mine})
    first = {"display_name": mine.organization.name[:60], "support_email": request.user.email}
    form = MerchantForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_bound and form.is_valid():
        try:
            applying.apply_as_merchant(
                organization_id=mine.organization_id, by=request.user, at=timezone.now(), **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_error(field_of(refusal), str(refusal))
        else:
            messages.success(request, _("Thank you. We look at it and tell you, mostly within a day."))
            return redirect("merchant", slug)
    return render(
        request, "merchants/apply.html", {"mine": mine, "form": form}, status=422 if form.errors else 200
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: PersonRequest, slug: str) -> HttpResponse:
    """What customers see, and by which gateway cards are charged."""
    desk = managed_desk(request, slug)
    names = ("display_name", "category", "support_email", "support_phone")
    first = {name: getattr(desk.merchant, name) for name in names}
    form = MerchantForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_bound and form.is_valid():
        try:
            applying.change_merchant(merchant=desk.merchant, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(field_of(refusal), str(refusal))
        else:
            messages.success(request, _("Your details are changed."))
            return redirect("merchant_settings", slug)
    return _settings_page(request, desk, form, GatewayKeyForm())


@never_cache
@require_POST
@outside_transaction
def gateway(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Charge cards at the merchant's own gateway, or with another key of it, which is tried there."""
    with acting_as(request.user):
        desk = managed_desk(request, slug, owner=True)
    answer: HttpResponseBase = _bring(request, desk)
    return answer


@step_up_required(keep=False)
def _bring(request: PersonRequest, desk: Desk) -> HttpResponse:
    form = GatewayKeyForm(request.POST)
    if form.is_valid():
        try:
            own_gateways.bring_gateway(merchant=desk.merchant, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error("secret_key", str(refusal))
        else:
            messages.success(request, _("Cards are charged at your own Paystack account from now on."))
            return redirect("merchant_settings", desk.slug)
    names = ("display_name", "category", "support_email", "support_phone")
    details = MerchantForm(initial={name: getattr(desk.merchant, name) for name in names})
    with acting_as(request.user):
        return _settings_page(request, desk, details, form)


@never_cache
@require_POST
def gateway_leave(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Charge cards at our own gateways again."""
    answer: HttpResponseBase = _leave(request, managed_desk(request, slug, owner=True))
    return answer


@step_up_required
def _leave(request: PersonRequest, desk: Desk) -> HttpResponse:
    own_gateways.leave_gateway(merchant=desk.merchant, by=request.user)
    messages.success(request, _("Cards are charged by us again, and paid into your balance here."))
    return redirect("merchant_settings", desk.slug)


def bars_of(chart: list[tuple[date, int]]) -> list[Bar]:
    """Return the bars of a chart, whose highest reaches the top."""
    most = max((amount for _day, amount in chart), default=0)
    step = WIDTH / len(chart)
    bars = []
    for place, (day, amount) in enumerate(chart):
        height = round(amount / most * (HEIGHT - 4), 1) if most else 0
        bars.append(Bar(day, amount, round(place * step, 1), HEIGHT - height, round(step - GAP, 1), height))
    return bars


def field_of(refusal: DomainError) -> str | None:
    return "display_name" if isinstance(refusal, applying.MerchantTextRefused) else None


def account_of(merchant: Merchant) -> Account:
    """The merchant's account, which belongs to no person: its members have been asked for before."""
    with acting_as_service():
        return Account.objects.get(pk=merchant.account_id)


def _settings_page(
    request: PersonRequest, desk: Desk, form: MerchantForm, key_form: GatewayKeyForm
) -> HttpResponse:
    context: dict[str, Any] = {"desk": desk, "form": form, "key_form": key_form, "here": "settings"}
    if desk.merchant.own_gateway_id:
        context["webhook"] = letters.page("webhook_paystack_of_merchant", desk.merchant.own_gateway_id)
    status = 422 if form.errors or key_form.errors else 200
    return render(request, "merchants/settings.html", context, status=status)
