"""Where an organisation is told of events, for its owners and administrators."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.form_keys import new_form_key
from accounts.models import Organization, WebhookEndpoint
from accounts.requests import PersonRequest
from accounts.services.webhooks import endpoints
from accounts.step_up import step_up_required
from accounts.views.managed import managed
from accounts.webhook_forms import EndpointForm, MakeEndpointForm, RollSecretForm
from core.errors import DomainError

form_page = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@require_safe
def endpoint_list(request: PersonRequest, slug: str) -> HttpResponse:
    """Every endpoint, and how it does."""
    organization = managed(request, slug)
    mine = WebhookEndpoint.objects.visible_to(request.user).filter(organization=organization)
    found = list(mine.order_by("-pk"))
    full = {"is_full": len(found) >= endpoints.MOST_ENDPOINTS, "most": endpoints.MOST_ENDPOINTS}
    return page(request, "list", organization, endpoints=found, **full)


@never_cache
@form_page
def endpoint_make(request: PersonRequest, slug: str) -> HttpResponse:
    made: HttpResponse = _make(request, managed(request, slug))
    return made


@step_up_required
def _make(request: PersonRequest, organization: Organization) -> HttpResponse:
    """Make an endpoint, and show its secret: the answer to this POST is the only page that ever has it."""
    place = f"webhook.{request.user.pk}.{organization.pk}"
    if request.method != "POST":
        initial = {"form_key": new_form_key(place), "event_types": ["*"]}
        return page(request, "make", organization, form=MakeEndpointForm(initial=initial, place=place))
    form = MakeEndpointForm(request.POST, place=place)
    if form.is_valid():
        order = form.cleaned_data
        key = order.pop("form_key")
        try:
            made = endpoints.make(
                organization_id=organization.pk, by=request.user, endpoint_id=key, at=timezone.now(), **order
            )
        except endpoints.EndpointAlreadyMade as refusal:
            messages.warning(request, str(refusal))
            return redirect("webhooks", organization.slug)
        except DomainError as refusal:
            _say(form, refusal)
        else:
            return page(request, "shown", organization, made=made)
    return page(request, "make", organization, form=form, status=422)


@never_cache
@form_page
def endpoint_change(request: PersonRequest, slug: str, endpoint_id: UUID) -> HttpResponse:
    changed: HttpResponse = _change(request, *found_endpoint(request, slug, endpoint_id))
    return changed


@step_up_required
def _change(request: PersonRequest, organization: Organization, endpoint: WebhookEndpoint) -> HttpResponse:
    """Another address, other types, another description."""
    if request.method != "POST":
        initial = {name: getattr(endpoint, name) for name in ("url", "description", "event_types")}
        return page(request, "change", organization, endpoint=endpoint, form=EndpointForm(initial=initial))
    form = EndpointForm(request.POST)
    if form.is_valid():
        try:
            endpoints.change(endpoint_id=endpoint.pk, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            _say(form, refusal)
        else:
            messages.success(request, _("The endpoint is changed."))
            return redirect("webhook_endpoint", organization.slug, endpoint.pk)
    return page(request, "change", organization, endpoint=endpoint, form=form, status=422)


@never_cache
@form_page
def secret_roll(request: PersonRequest, slug: str, endpoint_id: UUID) -> HttpResponse:
    rolled: HttpResponse = _roll(request, *found_endpoint(request, slug, endpoint_id))
    return rolled


@step_up_required
def _roll(request: PersonRequest, organization: Organization, endpoint: WebhookEndpoint) -> HttpResponse:
    """A new secret, which is shown here and nowhere else."""
    form = RollSecretForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = endpoints.roll_secret(
            endpoint_id=endpoint.pk, by=request.user, overlap=form.cleaned_data["overlap"], at=timezone.now()
        )
        return page(request, "shown", organization, made=made, is_rolled=True)
    status = 422 if form.is_bound else 200
    return page(request, "roll", organization, endpoint=endpoint, form=form, status=status)


@require_POST
def endpoint_switch(request: PersonRequest, slug: str, endpoint_id: UUID) -> HttpResponse:
    """Off, or on again: as the button said, whatever was done meanwhile."""
    organization, endpoint = found_endpoint(request, slug, endpoint_id)
    if request.POST.get("to") == "on":
        endpoints.enable(endpoint_id=endpoint.pk, by=request.user)
        messages.success(request, _("The endpoint is enabled. What waited for it goes out now."))
    else:
        endpoints.disable(endpoint_id=endpoint.pk, by=request.user)
        messages.success(request, _("The endpoint is disabled."))
    return redirect("webhook_endpoint", organization.slug, endpoint.pk)


@never_cache
@form_page
def endpoint_delete(request: PersonRequest, slug: str, endpoint_id: UUID) -> HttpResponse:
    """Ask, then forget it. It takes away and gives nothing, so it needs no second factor."""
    organization, endpoint = found_endpoint(request, slug, endpoint_id)
    if request.method != "POST":
        return page(request, "delete", organization, endpoint=endpoint)
    endpoints.delete(endpoint_id=endpoint.pk, by=request.user, at=timezone.now())
    messages.success(request, _("The endpoint is deleted."))
    return redirect("webhooks", organization.slug)


def found_endpoint(
    request: PersonRequest, slug: str, endpoint_id: UUID
) -> tuple[Organization, WebhookEndpoint]:
    """The endpoint in the address, under its own organisation. Raises Http404, PermissionDenied."""
    organization = managed(request, slug)
    mine = WebhookEndpoint.objects.visible_to(request.user).filter(organization=organization)
    return organization, get_object_or_404(mine, pk=endpoint_id)


def page(
    request: PersonRequest, name: str, organization: Organization, *, status: int = 200, **context: Any
) -> HttpResponse:
    return render(request, f"webhooks/{name}.html", {"organization": organization, **context}, status=status)


def _say(form: forms.Form, refusal: DomainError) -> None:
    field = refusal.data.get("field")
    form.add_error(field if field in form.fields else None, str(refusal))
