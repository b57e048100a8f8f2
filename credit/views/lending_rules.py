"""A lender's rules for automatic offers, in the order in which they are tried."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core.errors import DomainError
from credit.models import AutoRule, LoanProduct
from credit.rule_forms import RuleForm, words_of
from credit.services import rules
from credit.views.lending import desk_of, managed_desk


@never_cache
@require_safe
def overview(request: PersonRequest, slug: str) -> HttpResponse:
    desk = desk_of(request, slug)
    found = AutoRule.objects.filter(provider=desk.provider, ended_at=None).select_related("product")
    rows = [(rule, list(words_of(rule.conditions))) for rule in found.order_by("position", "pk")]
    return render(request, "lending/rules.html", {"desk": desk, "rows": rows, "here": "rules"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: PersonRequest, slug: str) -> HttpResponse:
    desk = managed_desk(request, slug)
    products = LoanProduct.objects.filter(provider=desk.provider, is_open=True).order_by("name")
    form = RuleForm(request.POST if request.method == "POST" else None, products=products)
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data
        try:
            rules.add_rule(
                provider=desk.provider,
                by=request.user,
                product=typed["product"],
                name=typed["name"],
                conditions=form.conditions(),
                rate=typed["rate"],
                valid_days=typed["valid_days"],
                at=timezone.now(),
            )
        except DomainError as refusal:
            field = refusal.data.get("field")
            known = field if field in form.fields else form.field_of(str(field))
            form.add_error(known, str(refusal))
        else:
            messages.success(request, _("The rule offers by itself from now on."))
            return redirect("lending_rules", slug)
    context = {"desk": desk, "form": form, "products": products, "here": "rules"}
    return render(request, "lending/rule_form.html", context, status=422 if form.errors else 200)


@require_POST
def change(request: PersonRequest, slug: str, rule_id: UUID) -> HttpResponse:
    """Let a rule rest or go on, try it earlier, or end it."""
    desk = managed_desk(request, slug)
    what = request.POST.get("what")
    try:
        if what == "end":
            rules.end_rule(provider=desk.provider, by=request.user, rule_id=rule_id, at=timezone.now())
        elif what == "raise":
            rules.raise_rule(provider=desk.provider, by=request.user, rule_id=rule_id)
        elif what in ("on", "off"):
            rules.switch_rule(provider=desk.provider, by=request.user, rule_id=rule_id, is_on=what == "on")
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("lending_rules", slug)
