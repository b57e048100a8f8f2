"""Looking for a loan: what lenders lend beside one another, what one would come to, and who a lender is."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from credit import borrowing_words as words
from credit import comparing, product_words
from credit.affordability import Month
from credit.borrowing_forms import CalculatorForm, CompareForm
from credit.comparing import Order
from credit.models import ProductTerms, Provider
from credit.pricing import Priced
from credit.product_rules import ProductRules
from credit.terms_data import late_of, rules_of
from wallet import services as wallet
from wallet.templatetags.wallet import plain_amount
from wallet.views.access import own_wallet, wallet_page

AMOUNT, COUNT = 200_000_00, 12
SORTS = (
    (Order.APR, gettext_lazy("By APR")),
    (Order.COST, gettext_lazy("By total cost")),
    (Order.MONTHLY, gettext_lazy("By monthly payment")),
)


@wallet_page
@require_safe
def borrow(request: PersonRequest) -> HttpResponse:
    """All that can be borrowed, for an amount and a time; who could get it is said from what is known already."""
    at = timezone.now()
    today = timezone.localdate(at)
    limits = wallet.limits_of(account=own_wallet(request.user), at=at)
    offered = comparing.on_offer(today)
    form = CompareForm(_asked(request, CompareForm.base_fields), lenders=_lenders(offered))
    is_valid = form.is_valid()
    typed = form.cleaned_data
    listings = comparing.compare(
        [terms for terms in offered if typed.get("lender") in (None, "", str(terms.product.provider_id))],
        amount=typed.get("amount") or AMOUNT,
        count=typed.get("count") or COUNT,
        on=today,
        limits=limits,
        month=_month(typed),
    )
    order = Order(typed.get("sort") or Order.APR)
    shown = [one for one in comparing.ordered(listings, order) if not (typed.get("fits") and one.bars)]
    said = [(one, [words.bar(bar, one.terms, limits) for bar in one.bars]) for one in shown]
    context = {
        "form": form,
        "rows": [row for row in said if row[0].most],
        "others": [row for row in said if not row[0].most],
        "hidden": len(listings) - len(shown),
        "offered": bool(offered),
        "amount": typed.get("amount") or AMOUNT,
        "count": typed.get("count") or COUNT,
        "sorts": [(label, _address(request, sort=str(each)), each is order) for each, label in SORTS],
        "asked": urlencode(
            {
                "amount": plain_amount(typed.get("amount") or AMOUNT),
                "count": typed.get("count") or COUNT,
            }
        ),
    }
    return render(request, "credit/borrow.html", context, status=200 if is_valid else 422)


@wallet_page
@require_safe
def calculator(request: PersonRequest) -> HttpResponse:
    """Work a loan out on the server, by what its contract would say; with htmx only the answer is drawn anew."""
    own_wallet(request.user)
    today = timezone.localdate()
    offered = [terms for terms in comparing.on_offer(today) if comparing.is_monthly(terms)]
    asked = _asked(request, CalculatorForm.base_fields)
    if offered and not {"product", "rate"} & request.GET.keys():
        # Whoever has not said anything yet is not told what is missing.
        asked["product"] = str(offered[0].product_id)
    form = CalculatorForm(asked, offered=offered)
    priced = _worked_out(form) if form.is_valid() else None
    terms = form.terms if form.is_valid() else None
    context = {
        "form": form,
        "terms": terms,
        "priced": priced,
        "late": words.late(late_of(terms.late), "NGN") if terms else "",
        "method": words.method(rules_of(terms.rules)) if terms else "",
        "unusual": product_words.unusual(rules_of(terms.rules), "NGN") if terms else [],
        "amount": form.cleaned_data.get("amount"),
        "payment": comparing.highest_payment(priced) if priced else None,
        "rate": _rate(form) if priced else None,
        "asked": urlencode({"amount": request.GET.get("amount", ""), "count": request.GET.get("count", "")}),
    }
    template = "credit/_calculation.html" if request.htmx else "credit/calculator.html"
    return render(request, template, context, status=200 if priced else 422)


@wallet_page
@require_safe
def lender(request: PersonRequest, provider_id: UUID) -> HttpResponse:
    """Who lends: its licence, what it lends and what that costs, and where to complain."""
    own_wallet(request.user)
    today = timezone.localdate()
    admitted = Provider.objects.exclude(state=Provider.State.APPLIED)
    provider = get_object_or_404(admitted, pk=provider_id)
    products = [_product(terms) for terms in comparing.on_offer(today, provider_id=provider_id)]
    lends = Provider.objects.lending(today).filter(pk=provider_id).exists()
    return render(request, "credit/lender.html", {"provider": provider, "products": products, "lends": lends})


def _product(terms: ProductTerms) -> dict[str, Any]:
    rules = rules_of(terms.rules)
    return {
        "terms": terms,
        "amounts": words.amounts(terms),
        "length": words.length(terms) if comparing.is_monthly(terms) else words.instalments(terms),
        "method": words.method(rules),
        "unusual": product_words.unusual(rules, terms.product.currency_id),
        "late": words.late(late_of(terms.late), terms.product.currency_id),
    }


def _worked_out(form: CalculatorForm) -> Priced | None:
    """The loan that was asked for; why there is none stands at its field."""
    typed, terms, today = form.cleaned_data, form.terms, timezone.localdate()
    if terms is None and typed.get("rate") is None:
        form.add_error("rate", _("Enter a rate, or choose a loan."))
        return None
    if terms is not None:
        _refuse_outside(form, terms)
        if form.errors:
            return None
    rules = rules_of(terms.rules) if terms else ProductRules()
    percent = terms.fee_percent if terms else typed.get("fee") or comparing.NONE
    fixed = terms.fee_fixed if terms else 0
    found = comparing.priced(rules, typed["amount"], typed["count"], _rate(form), today, percent, fixed)
    if found is None:
        form.add_error("amount", _("There is no such loan: its fee would eat it up."))
    return found


def _rate(form: CalculatorForm) -> Any:
    """The rate that was typed; else the highest of the product, so that nothing turns out dearer."""
    rate = form.cleaned_data.get("rate")
    return rate if rate is not None or form.terms is None else form.terms.highest_rate


def _refuse_outside(form: CalculatorForm, terms: ProductTerms) -> None:
    typed, rate = form.cleaned_data, _rate(form)
    for bar in comparing.lends(terms, typed["amount"], typed["count"]):
        form.add_error("count" if bar is comparing.Bar.TERM else "amount", words.bar(bar, terms, None) + ".")
    if not terms.lowest_rate <= rate <= terms.highest_rate:
        form.add_error("rate", words.rates(terms))


def _month(typed: dict[str, Any]) -> Month | None:
    """What somebody said of their month, where they did; other loans are in what goes out."""
    if typed.get("income") is None:
        return None
    return Month(income=typed["income"], expenses=typed.get("outgo") or 0, debts=0)


def _asked(request: PersonRequest, fields: dict[str, Any]) -> dict[str, str]:
    """What the address asks, and what is usual where it asks nothing."""
    usual = {"amount": plain_amount(AMOUNT), "count": str(COUNT)}
    return {name: request.GET.get(name, usual.get(name, ""))[:60] for name in fields}


def _address(request: PersonRequest, **changes: str) -> str:
    kept = {name: value for name, value in request.GET.items() if value and name in CompareForm.base_fields}
    return f"?{urlencode({**kept, **changes})}"


def _lenders(offered: list[ProductTerms]) -> list[tuple[str, str]]:
    found = {str(terms.product.provider_id): terms.product.provider.display_name for terms in offered}
    return sorted(found.items(), key=lambda one: (one[1], one[0]))
