"""An organisation's desk as a lender: applying, how its money does, and what borrowers see of it."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.form_keys import new_form_key
from accounts.models import Membership
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from accounts.views.organizations import membership_in
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id_of
from core.templatetags.money import money
from credit.lender_forms import LenderDetailsForm, LenderForm, LenderMoneyForm
from credit.models import Bucket, Provider, ProviderMove
from credit.services import lender_money, lender_reports, lenders
from wallet.refusals import InsufficientFunds

YEAR = timedelta(days=366)
LATEST, PAGE = 5, 25
TONES = {"APPLIED": "info", "ACTIVE": "success", "SUSPENDED": "warning"}


class NotALender(Http404):
    """The organisation has not applied yet."""


@dataclass(frozen=True)
class Desk:
    """Whose desk a page is about, and what the person at it is there."""

    mine: Membership
    provider: Provider

    @property
    def slug(self) -> str:
        return self.mine.organization.slug


def desk_of(request: PersonRequest, slug: str) -> Desk:
    """The desk of the organisation of this address. Raises Http404 for another's, NotALender."""
    mine = membership_in(request, slug)
    found = Provider.objects.visible_to(request.user).select_related("organization")
    provider = found.filter(organization=mine.organization_id).first()
    if provider is None:
        raise NotALender
    return Desk(mine, provider)


def managed_desk(request: PersonRequest, slug: str, *, owner: bool = False) -> Desk:
    """The same for its owners and administrators, or its owners. Raises Http404 for others, NotALender."""
    desk = desk_of(request, slug)
    if not (desk.mine.owns if owner else desk.mine.manages):
        raise Http404
    return desk


@never_cache
@require_safe
def overview(request: PersonRequest, slug: str) -> HttpResponse:
    """What can be lent, what is out, what came back and what is late."""
    try:
        desk = desk_of(request, slug)
    except NotALender:
        return redirect("lending_apply", slug)
    today = timezone.localdate()
    context = {
        "desk": desk,
        "tone": TONES[desk.provider.state],
        "standing": lender_reports.standing_of(desk.provider),
        "buckets": lender_reports.buckets_of(desk.provider),
        "months": lender_reports.months_of(desk.provider, since=(today - YEAR).replace(day=1)),
        "here": "overview",
    }
    return render(request, "lending/overview.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: PersonRequest, slug: str) -> HttpResponse:
    """Ask that the organisation may lend; its owners do."""
    mine = membership_in(request, slug)
    if Provider.objects.visible_to(request.user).filter(organization=mine.organization_id).exists():
        return redirect("lending", slug)
    if not mine.owns:
        return render(request, "lending/not_yet.html", {"mine": mine})
    first = {"display_name": mine.organization.name, "complaints_email": request.user.email}
    form = LenderForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_bound and form.is_valid():
        try:
            lenders.apply_as_lender(
                organization_id=mine.organization_id, by=request.user, facts=form.facts(), at=timezone.now()
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. We look at your licence and tell you within two days."))
            return redirect("lending", slug)
    status = 422 if form.errors else 200
    return render(request, "lending/apply.html", {"mine": mine, "form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: PersonRequest, slug: str) -> HttpResponse:
    """What borrowers see."""
    desk = managed_desk(request, slug)
    names = LenderDetailsForm.base_fields
    first = {name: getattr(desk.provider, name) for name in names}
    form = LenderDetailsForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_bound and form.is_valid():
        try:
            lenders.change_lender(provider=desk.provider, by=request.user, facts=form.facts())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your details are changed."))
            return redirect("lending_settings", slug)
    context = {"desk": desk, "form": form, "here": "settings"}
    return render(request, "lending/settings.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: PersonRequest, slug: str, way: str) -> HttpResponseBase:
    """Put money in to lend, or take it out; owners do."""
    desk = managed_desk(request, slug, owner=True)
    if request.method != "POST":
        first = {"form_key": new_form_key(_place(request, desk, way))}
        form = LenderMoneyForm(initial=first, place=_place(request, desk, way))
        return _money_page(request, desk, way, form)
    answer: HttpResponseBase = _move(request, desk, way)
    return answer


@step_up_required
def _move(request: PersonRequest, desk: Desk, way: str) -> HttpResponse:
    form = LenderMoneyForm(request.POST, place=_place(request, desk, way))
    if form.is_valid():
        amount = form.cleaned_data["amount"]
        service = lender_money.put_in if way == "in" else lender_money.take_out
        try:
            service(
                provider=desk.provider,
                by=request.user,
                amount=amount,
                posting_id=posting_id_of(form.cleaned_data["form_key"]),
                at=timezone.now(),
            )
        except InsufficientFunds as refusal:
            there = money(int(refusal.data["available"]), "NGN")
            form.add_error("amount", _("There is %(amount)s to take it from.") % {"amount": there})
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            words = (
                _("%(amount)s can be lent now.")
                if way == "in"
                else _("%(amount)s is in your own account now.")
            )
            messages.success(request, words % {"amount": money(amount, "NGN")})
            return redirect("lending", desk.slug)
    return _money_page(request, desk, way, form)


def _place(request: PersonRequest, desk: Desk, way: str) -> str:
    return f"lender.{way}.{request.user.pk}.{desk.provider.pk}"


def _money_page(request: PersonRequest, desk: Desk, way: str, form: LenderMoneyForm) -> HttpResponse:
    past = ProviderMove.objects.filter(provider=desk.provider).order_by("-pk")[:LATEST]
    context = {
        "desk": desk,
        "form": form,
        "way": way,
        "standing": lender_reports.standing_of(desk.provider),
        "past": list(past),
        "here": "money",
    }
    return render(request, "lending/money.html", context, status=422 if form.errors else 200)


@never_cache
@require_safe
def loans(request: PersonRequest, slug: str) -> HttpResponse:
    """A lender's loans, newest first; by how late they are where that is asked."""
    desk = desk_of(request, slug)
    bucket = request.GET.get("bucket", "")
    with acting_as_service():
        found = lender_reports.loans_of(desk.provider).order_by("-pk")
        if bucket in Bucket.values:
            found = found.filter(position__bucket=bucket, application__state__in=lender_reports.OUT)
        page = Paginator(found, PAGE).get_page(request.GET.get("page"))
        rows = list(page.object_list)
    context = {
        "desk": desk,
        "page": page,
        "rows": rows,
        "bucket": bucket,
        "buckets": Bucket.choices,
        "here": "loans",
    }
    return render(request, "lending/loans.html", context)
