"""Opening a saving: what for and how much, all that can be known before, and done. What was looked at opens, once."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import posting_id, uuid7
from savings import goals, services, wording
from savings.forms import OpenForm
from savings.models import PlanTerms, SavingsPlan, UserSavings
from savings.offers import offer_of
from savings.projection import YEAR
from savings.refusals import TermsChanged
from savings.services import Wish
from savings.services.contributing import check_amount
from savings.services.opening import end_of
from savings.services.terms import value_day
from savings.services.wishes import earns_now
from savings.views.plans import Row, plan_and_terms
from wallet.models import Account
from wallet.refusals import InsufficientFunds
from wallet.templatetags.wallet import plain_amount
from wallet.views.access import own_wallet, wallet_page

ORDER_LIFE = 30 * 60
PREVIEWED = 12


@dataclass(frozen=True)
class Order:
    """A saving as it was reviewed. Signed for its owner, so that it cannot differ when it is opened."""

    saving: str
    posting: str
    terms: str
    amount: int
    name: str
    target: int | None
    target_date: str
    days: int | None
    at_maturity: str

    def signed(self, user: User, plan: SavingsPlan) -> str:
        return signing.dumps(vars(self), salt=_salt(user, plan))

    @classmethod
    def opened(cls, text: str, user: User, plan: SavingsPlan) -> "Order":
        """Raises signing.BadSignature for one that is old, changed, or another's."""
        return cls(**signing.loads(text, salt=_salt(user, plan), max_age=ORDER_LIFE))

    def wish(self) -> Wish:
        return Wish(
            name=self.name,
            target=self.target,
            target_date=parse_date(self.target_date) if self.target_date else None,
            days=self.days,
            at_maturity=self.at_maturity,
        )

    def as_typed(self) -> dict[str, Any]:
        typed = {"name": self.name, "days": self.days or "", "at_maturity": self.at_maturity}
        typed |= {"target_date": self.target_date, "amount": plain_amount(self.amount) if self.amount else ""}
        return typed | {"target": plain_amount(self.target) if self.target else ""}


def _salt(user: User, plan: SavingsPlan) -> str:
    return f"savings.open.{user.pk}.{plan.pk}"


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def open_saving(request: PersonRequest, slug: str) -> HttpResponse:
    """Ask what for, how much and for how long; show what it would come to."""
    wallet, at = own_wallet(request.user), timezone.now()
    plan, terms = plan_and_terms(slug, at)
    if plan.kind == SavingsPlan.Kind.GROUP:
        return redirect("savings_plan", slug)
    if request.method != "POST":
        return _form_page(request, OpenForm(initial=_asked(request), plan=plan, terms=terms), wallet)
    if "change" in request.POST:
        initial = _reviewed(request, plan)
        return _form_page(request, OpenForm(initial=initial, plan=plan, terms=terms), wallet)
    form = OpenForm(request.POST, plan=plan, terms=terms)
    if not form.is_valid():
        return _form_page(request, form, wallet, status=422)
    wish, amount = form.wish(), form.cleaned_data.get("amount") or 0
    try:
        _check(plan, terms, wish, amount, wallet, at)
    except DomainError as refusal:
        return _refused(request, form, wallet, refusal)
    return _review_page(request, wallet, plan, terms, _order(terms, wish, amount), at)


def _check(
    plan: SavingsPlan, terms: PlanTerms, wish: Wish, amount: int, wallet: Account, at: datetime
) -> None:
    """Say before the review what opening would refuse anyway."""
    end_of(plan, terms, wish, since=value_day(at, terms.cut_off))
    if amount or plan.kind == SavingsPlan.Kind.FIXED:
        check_amount(terms, amount)
    if amount > wallet.available:
        raise InsufficientFunds(available=wallet.available)


def _order(terms: PlanTerms, wish: Wish, amount: int) -> Order:
    return Order(
        saving=str(uuid7()),
        posting=str(posting_id()),
        terms=str(terms.pk),
        amount=amount,
        name=wish.name,
        target=wish.target,
        target_date=wish.target_date.isoformat() if wish.target_date else "",
        days=wish.days,
        at_maturity=wish.at_maturity,
    )


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Whoever comes by a link, as after signing in again, has nothing to confirm and starts anew."""
    if request.method != "POST":
        return redirect("saving_open", slug)
    at = timezone.now()
    plan, terms = plan_and_terms(slug, at)
    try:
        order = Order.opened(request.POST.get("order", ""), request.user, plan)
    except signing.BadSignature:
        messages.error(
            request, _("This review is no longer valid, so nothing was opened just now. Please start again.")
        )
        return redirect("saving_open", slug)
    if wording.is_locked(terms, plan) and "agreed" not in request.POST:
        return _review_page(request, own_wallet(request.user), plan, terms, order, at, is_missing=True)
    confirmed: HttpResponseBase = _confirm(request, plan, terms, order)
    return confirmed


@step_up_required
def _confirm(request: PersonRequest, plan: SavingsPlan, terms: PlanTerms, order: Order) -> HttpResponse:
    """Open what was reviewed. A second click, or a second window, finds it open."""
    shown = PlanTerms.objects.filter(plan=plan, pk=order.terms).first() or terms
    try:
        saving = services.open_saving(
            saving_id=UUID(order.saving),
            user=request.user,
            plan=plan,
            wish=order.wish(),
            at=timezone.now(),
            amount=order.amount,
            posting_id=UUID(order.posting) if order.amount else None,
            terms=shown,
        )
    except DomainError as refusal:
        form = OpenForm(order.as_typed(), plan=plan, terms=terms)
        form.is_valid()
        return _refused(request, form, own_wallet(request.user), refusal)
    messages.success(request, _("Your saving is open."))
    return redirect("saving", saving.pk)


def _review_page(
    request: PersonRequest,
    wallet: Account,
    plan: SavingsPlan,
    terms: PlanTerms,
    order: Order,
    at: datetime,
    *,
    is_missing: bool = False,
) -> HttpResponse:
    wish, start = order.wish(), value_day(at, terms.cut_off)
    ends = end_of(plan, terms, wish, since=start)
    days = (ends - start).days if ends else YEAR
    # Where nothing is saved yet, the rate is that of what is wished for.
    earns = earns_now(request.user.pk)
    offer = offer_of(
        plan,
        terms,
        amount=order.amount or wish.target or terms.minimum,
        start=start,
        days=days,
        earns=earns,
    )
    context = {
        "plan": plan,
        "wallet": wallet,
        "order": order,
        "signed": order.signed(request.user, plan),
        "wish": wish,
        "ends": ends,
        "offer": offer,
        "earns": earns,
        "row": Row(plan, terms, offer, is_as_asked=True),
        "rate_change": wording.rate_change(plan),
        "at_maturity": UserSavings.AtMaturity(order.at_maturity).label,
        "is_locked": wording.is_locked(terms, plan),
        "is_missing": is_missing,
        "left": wallet.available - order.amount,
        **_steps(wish, order.amount, start),
    }
    return render(request, "savings/review.html", context, status=422 if is_missing else 200)


def _steps(wish: Wish, amount: int, start: date) -> dict[str, Any]:
    """What would have to be saved each day, week and month to reach the target, and the months' schedule."""
    if not wish.target or not wish.target_date or wish.target <= amount:
        return {}
    missing, first = wish.target - amount, start + goals.DAY
    each = goals.suggestions(missing, first=first, before=wish.target_date)
    monthly = goals.due_days("MONTHLY", first, since=first, before=wish.target_date)
    weekly = goals.due_days("WEEKLY", first, since=first, before=wish.target_date)
    days = monthly if len(monthly) > 1 else weekly
    return {"each": each, "schedule": goals.schedule(missing, days)[:PREVIEWED], "instalments": len(days)}


def _form_page(request: PersonRequest, form: OpenForm, wallet: Account, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "wallet": wallet,
        "plan": form.plan,
        "row": Row(form.plan, form.terms, None, True),
    }
    return render(request, "savings/open.html", context, status=status)


def _asked(request: PersonRequest) -> dict[str, Any]:
    """What the calculator was asked fills in the form."""
    return {name: request.GET.get(name, "")[:40] for name in ("amount", "days")} | {
        "at_maturity": UserSavings.AtMaturity.PAY_OUT
    }


def _reviewed(request: PersonRequest, plan: SavingsPlan) -> dict[str, Any]:
    """What stood on the review page that the saver wants to change."""
    try:
        return Order.opened(request.POST.get("order", ""), request.user, plan).as_typed()
    except signing.BadSignature:
        return {}


def _refused(request: PersonRequest, form: OpenForm, wallet: Account, refusal: DomainError) -> HttpResponse:
    """The form as it was typed, with the reason at its field."""
    field = wording.field_of(refusal)
    form.add_error(field if field in form.fields else None, wording.refusal(refusal, wallet.currency_id))
    wallet.refresh_from_db()
    return _form_page(request, form, wallet, status=409 if isinstance(refusal, TermsChanged) else 422)
