"""What a lender lends: its products, their terms, and the versions there were."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core.errors import DomainError
from credit import borrowing_words, product_words
from credit.models import LoanProduct, ProductTerms
from credit.product_forms import ProductForm, TermsForm
from credit.product_typed import first_terms, offered_of, terms_as_typed
from credit.services import products
from credit.terms_data import late_of, rules_of
from credit.views.lending import Desk, desk_of, managed_desk


@never_cache
@require_safe
def overview(request: PersonRequest, slug: str) -> HttpResponse:
    desk = desk_of(request, slug)
    today = timezone.localdate()
    in_force = {
        terms.product_id: terms
        for terms in ProductTerms.objects.in_force(today).filter(product__provider=desk.provider)
    }
    found = LoanProduct.objects.filter(provider=desk.provider).order_by("-is_open", "name")
    rows = [(each, in_force.get(each.pk)) for each in found]
    context = {"desk": desk, "rows": rows, "here": "products"}
    return render(request, "lending/products.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: PersonRequest, slug: str) -> HttpResponse:
    """Offer something new."""
    desk = managed_desk(request, slug)
    form = ProductForm(request.POST if request.method == "POST" else None, initial=first_terms())
    if form.is_bound and form.is_valid():
        try:
            terms = products.make_product(
                provider=desk.provider,
                by=request.user,
                name=form.cleaned_data["name"],
                summary=form.cleaned_data["summary"],
                offered=offered_of(form.cleaned_data),
                from_date=form.cleaned_data["from_date"],
                at=timezone.now(),
            )
        except (DomainError, ValueError) as refusal:
            _say(form, refusal)
        else:
            messages.success(request, _("Your product can be found by borrowers from its day on."))
            return redirect("lending_product", slug, terms.product_id)
    return _form_page(request, desk, form, None)


@never_cache
@require_safe
def product(request: PersonRequest, slug: str, product_id: UUID) -> HttpResponse:
    """One product with its versions, the newest first."""
    desk = desk_of(request, slug)
    found = get_object_or_404(LoanProduct, pk=product_id, provider=desk.provider)
    versions = list(found.terms.order_by("-from_date"))
    today = timezone.localdate()
    now = next((terms for terms in versions if terms.from_date <= today), None)
    context = {
        "desk": desk,
        "product": found,
        "versions": [(terms, borrowing_words.method(rules_of(terms.rules))) for terms in versions],
        "now": now,
        "says": _says(now) if now else [],
        "here": "products",
    }
    return render(request, "lending/product.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PersonRequest, slug: str, product_id: UUID) -> HttpResponse:
    """Give a product other terms from a day on."""
    desk = managed_desk(request, slug)
    found = get_object_or_404(LoanProduct, pk=product_id, provider=desk.provider)
    held = found.terms.order_by("-from_date").first()
    first = terms_as_typed(held) if held else first_terms()
    form = TermsForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_bound and form.is_valid():
        try:
            products.set_terms(
                product=found,
                by=request.user,
                offered=offered_of(form.cleaned_data),
                from_date=form.cleaned_data["from_date"],
                at=timezone.now(),
            )
        except (DomainError, ValueError) as refusal:
            _say(form, refusal)
        else:
            messages.success(request, _("The new terms hold from their day on."))
            return redirect("lending_product", slug, product_id)
    return _form_page(request, desk, form, found)


@require_POST
def switch(request: PersonRequest, slug: str, product_id: UUID) -> HttpResponse:
    """Take new borrowers for a product, or no more."""
    desk = managed_desk(request, slug)
    found = get_object_or_404(LoanProduct, pk=product_id, provider=desk.provider)
    products.open_product(product=found, by=request.user, is_open=request.POST.get("open") == "1")
    return redirect("lending_product", slug, product_id)


def _says(terms: ProductTerms) -> list[tuple[str, str]]:
    """How a loan of these terms is paid back, and all that is unusual about it."""
    rules, currency = rules_of(terms.rules), terms.product.currency_id
    return [
        (_("How it is paid back"), borrowing_words.method(rules)),
        *product_words.unusual(rules, currency),
        (_("If an instalment is late"), borrowing_words.late(late_of(terms.late), currency)),
    ]


def _say(form: forms.Form, refusal: Exception) -> None:
    field = refusal.data.get("field") if isinstance(refusal, DomainError) else None
    form.add_error(field if field in form.fields else None, str(refusal))


def _form_page(
    request: PersonRequest, desk: Desk, form: forms.Form, product: LoanProduct | None
) -> HttpResponse:
    context = {"desk": desk, "form": form, "product": product, "here": "products"}
    return render(request, "lending/product_form.html", context, status=422 if form.errors else 200)
