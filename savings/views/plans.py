"""Choosing a plan: all of them beside one another, and one with what it would come to."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from savings import wording
from savings.forms import CompareForm, WhatIfForm
from savings.models import PlanTerms, SavingsPlan
from savings.offers import Offer, fitting, offer_of
from savings.refusals import PlanClosed, TooLittle, TooMuch
from savings.services.contributing import check_amount
from savings.services.terms import terms_in_force, value_day
from savings.services.wishes import earns_now
from wallet.templatetags.wallet import plain_amount
from wallet.views.access import own_wallet, wallet_page

AMOUNT, DAYS = 100_000_00, 180
FREQUENTLY = (30, 90, 180, 365)


@dataclass(frozen=True)
class Row:
    """A plan beside the others. Its offer is for the nearest amount and time that it takes."""

    plan: SavingsPlan
    terms: PlanTerms
    offer: Offer | None
    is_as_asked: bool

    @property
    def length(self) -> str:
        return wording.length(self.terms, self.plan)

    @property
    def amounts(self) -> str:
        return wording.amounts(self.terms, self.plan.currency_id)

    @property
    def paid(self) -> str:
        return wording.paid(self.terms)

    @property
    def taking_out(self) -> str:
        return wording.taking_out(self.terms, self.plan)

    @property
    def breaking(self) -> str:
        return wording.breaking(self.terms, self.plan)


@wallet_page
@require_safe
def plans(request: PersonRequest) -> HttpResponse:
    """What can be chosen among, for an amount and a time."""
    own_wallet(request.user)
    form = CompareForm(_asked(request, amount=AMOUNT, days=DAYS))
    is_valid, start, earns = form.is_valid(), timezone.localdate(), earns_now(request.user.pk)
    amount = form.cleaned_data.get("amount") or AMOUNT
    days = form.cleaned_data.get("days") or DAYS
    context = {
        "form": form,
        "rows": [row_of(plan, terms, amount, days, start, earns=earns) for plan, terms in on_offer(start)],
        "earns": earns,
        "amount": amount,
        "days": days,
    }
    return render(request, "savings/plans.html", context, status=200 if is_valid else 422)


def on_offer(on: date) -> list[tuple[SavingsPlan, PlanTerms]]:
    """Return the plans that take new savings, with the terms of a day; a fixed number of queries."""
    found = PlanTerms.objects.filter(plan__is_open=True).in_force(on)
    terms = found.select_related("plan").prefetch_related("rates").order_by("plan__made_at", "plan_id")
    return [(each.plan, each) for each in terms]


def row_of(plan: SavingsPlan, terms: PlanTerms, amount: int, days: int, start: date, *, earns: bool) -> Row:
    fitted = fitting(terms, days)
    taken = min(max(amount, terms.minimum, 1), terms.maximum or amount)
    try:
        offer = offer_of(plan, terms, amount=taken, start=start, days=fitted, earns=earns)
    except ValueError:
        offer = None
    return Row(plan, terms, offer, (taken, fitted) == (amount, days))


@wallet_page
@require_safe
def plan(request: PersonRequest, slug: str) -> HttpResponse:
    """One plan: its rates, what it asks, and what an amount would come to."""
    own_wallet(request.user)
    at = timezone.now()
    found, terms = plan_and_terms(slug, at)
    usual = fitting(terms, DAYS)
    amount = min(max(AMOUNT, terms.minimum), terms.maximum or AMOUNT)
    form = WhatIfForm(_asked(request, amount=amount, days=usual, monthly=None))
    if found.kind == SavingsPlan.Kind.FIXED:
        del form.fields["monthly"]
    earns = earns_now(request.user.pk)
    offer = _offer(form, found, terms, start=value_day(at, terms.cut_off), earns=earns)
    context = {
        "plan": found,
        "row": Row(found, terms, offer, is_as_asked=True),
        "form": form,
        "offer": offer,
        "earns": earns,
        "rates": rates_of(terms),
        "rate_change": wording.rate_change(found),
        "shortcuts": [days for days in FREQUENTLY if fitting(terms, days) == days],
        "amount": plain_amount(form.cleaned_data.get("amount") or amount),
    }
    return render(request, "savings/plan.html", context, status=200 if offer else 422)


def plan_and_terms(slug: str, at: datetime) -> tuple[SavingsPlan, PlanTerms]:
    """Return a plan that takes new savings, and its terms of today. Raises Http404."""
    found = get_object_or_404(SavingsPlan, code=slug, is_open=True)
    try:
        return found, terms_in_force(found.pk, value_day(at, None))
    except PlanClosed:
        raise Http404 from None


def _offer(
    form: WhatIfForm, plan: SavingsPlan, terms: PlanTerms, *, start: date, earns: bool
) -> Offer | None:
    """Work out what was asked; why it cannot be stands at its field."""
    if not form.is_valid():
        return None
    typed = form.cleaned_data
    if fitting(terms, typed["days"]) != typed["days"]:
        words = _("This plan runs for %(shortest)s to %(longest)s days.")
        form.add_error("days", words % {"shortest": terms.shortest or 1, "longest": terms.longest or ""})
        return None
    try:
        check_amount(terms, typed["amount"])
        return offer_of(
            plan,
            terms,
            amount=typed["amount"],
            start=start,
            days=typed["days"],
            monthly=typed.get("monthly") or 0,
            earns=earns,
        )
    except (TooLittle, TooMuch) as refusal:
        form.add_error("amount", wording.refusal(refusal, plan.currency_id))
    except ValueError:
        form.add_error("days", _("This plan has no rate for so short a time."))
    return None


def rates_of(terms: PlanTerms) -> list[tuple[int, list[tuple[int, int | None, Decimal]]]]:
    """Return the rate table: by each row's shortest term, rates with the amounts from which and below which."""
    rows: dict[int, list[tuple[int, int | None, Decimal]]] = {}
    for cell in sorted(terms.rates.all(), key=lambda cell: (cell.term.lower, cell.amount.lower)):
        rows.setdefault(cell.term.lower, []).append((cell.amount.lower, cell.amount.upper, cell.rate))
    return list(rows.items())


def _asked(request: PersonRequest, **usual: int | None) -> dict[str, Any]:
    """What the address asks, and what is usual where it asks nothing."""
    typed: dict[str, Any] = {}
    for name, value in usual.items():
        default = "" if value is None else plain_amount(value) if name == "amount" else str(value)
        typed[name] = request.GET.get(name, default)[:40]
    return typed
