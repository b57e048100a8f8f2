"""An organisation's API keys, for its owners and administrators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.form_keys import new_form_key
from accounts.key_forms import MakeForm, RollForm, SettingsForm
from accounts.models import ApiKey, Organization
from accounts.requests import PersonRequest
from accounts.services import api_keys
from accounts.step_up import step_up_required
from accounts.views.managed import managed
from core.api.scopes import all_scopes
from core.errors import DomainError

form_page = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True)
class Shown:
    """A key as the list tells of it."""

    key: ApiKey
    may: list[str | Promise]
    is_live: bool
    is_replaced: bool


@never_cache
@require_safe
def key_list(request: PersonRequest, slug: str) -> HttpResponse:
    """Every key: those in use, then those that ended."""
    organization, at = managed(request, slug), timezone.now()
    keys = ApiKey.objects.visible_to(request.user).filter(organization=organization)
    shown = [_shown(key, at) for key in keys.order_by("-id")]
    live = [one for one in shown if one.is_live]
    ended = [one for one in shown if not one.is_live]
    full = {"is_full": len(live) >= api_keys.MOST_KEYS, "most": api_keys.MOST_KEYS}
    return _page(request, "list", organization, live=live, ended=ended, **full)


@never_cache
@form_page
def key_make(request: PersonRequest, slug: str) -> HttpResponse:
    made: HttpResponse = _make(request, managed(request, slug))
    return made


@step_up_required
def _make(request: PersonRequest, organization: Organization) -> HttpResponse:
    """Make a key, and show it: the answer to this POST is the only page that ever has it."""
    place = f"api_key.{request.user.pk}.{organization.pk}"
    if request.method != "POST":
        form = MakeForm(initial={"form_key": new_form_key(place)}, place=place)
        return _page(request, "make", organization, form=form)
    form = MakeForm(request.POST, place=place)
    if form.is_valid():
        at, asked = timezone.now(), form.cleaned_data
        try:
            made = api_keys.make(
                organization_id=organization.pk,
                by=request.user,
                name=asked["name"],
                mode=asked["mode"],
                scopes=asked["scopes"],
                networks=asked["networks"],
                expires_at=form.expires_at(at),
                key_id=asked["form_key"],
                at=at,
            )
        except api_keys.KeyAlreadyMade as refusal:
            return _back(request, organization, refusal)
        except DomainError as refusal:
            _say(form, refusal)
        else:
            return _page(request, "shown", organization, made=made, shown=_shown(made.key, at))
    return _page(request, "make", organization, form=form, status=422)


@never_cache
@form_page
def key_change(request: PersonRequest, slug: str, key_id: UUID) -> HttpResponse:
    changed: HttpResponse = _change(request, *_managed_key(request, slug, key_id))
    return changed


@step_up_required
def _change(request: PersonRequest, organization: Organization, key: ApiKey) -> HttpResponse:
    """Another name, other scopes or networks."""
    if not key.is_live(timezone.now()):
        return _back(request, organization, api_keys.KeyEnded())
    if request.method != "POST":
        initial = {"name": key.name, "scopes": key.scopes, "networks": "\n".join(key.allowed_networks)}
        return _page(request, "change", organization, key=key, form=SettingsForm(initial=initial))
    form = SettingsForm(request.POST)
    if form.is_valid():
        try:
            api_keys.change(key_id=key.pk, by=request.user, at=timezone.now(), **form.cleaned_data)
        except DomainError as refusal:
            _say(form, refusal)
        else:
            messages.success(request, _("“%(name)s” is changed.") % {"name": form.cleaned_data["name"]})
            return redirect("api_keys", organization.slug)
    return _page(request, "change", organization, key=key, form=form, status=422)


@never_cache
@form_page
def key_roll(request: PersonRequest, slug: str, key_id: UUID) -> HttpResponse:
    rolled: HttpResponse = _roll(request, *_managed_key(request, slug, key_id))
    return rolled


@step_up_required
def _roll(request: PersonRequest, organization: Organization, key: ApiKey) -> HttpResponse:
    """Replace a key by a new one with the same settings, which is shown here and nowhere else."""
    form = RollForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        try:
            made = api_keys.roll(key_id=key.pk, by=request.user, overlap=form.cleaned_data["overlap"], at=at)
        except DomainError as refusal:
            return _back(request, organization, refusal)
        return _page(request, "shown", organization, made=made, shown=_shown(made.key, at), old=key)
    return _page(request, "roll", organization, key=key, form=form, status=422 if form.is_bound else 200)


@never_cache
@form_page
def key_revoke(request: PersonRequest, slug: str, key_id: UUID) -> HttpResponse:
    """Ask, then end a key at once. It protects, so it needs no second factor."""
    organization, key = _managed_key(request, slug, key_id)
    if request.method != "POST":
        return _page(request, "revoke", organization, key=key)
    api_keys.revoke(key_id=key.pk, by=request.user, at=timezone.now())
    messages.success(request, _("“%(name)s” is revoked.") % {"name": key.name})
    return redirect("api_keys", slug)


def _managed_key(request: PersonRequest, slug: str, key_id: UUID) -> tuple[Organization, ApiKey]:
    organization = managed(request, slug)
    keys = ApiKey.objects.visible_to(request.user).filter(organization=organization)
    return organization, get_object_or_404(keys, pk=key_id)


def _shown(key: ApiKey, at: datetime) -> Shown:
    words = all_scopes()
    may = [words.get(scope, scope) for scope in key.scopes]
    return Shown(key, may, key.is_live(at), key.replaced_by_id is not None)


def _say(form: forms.Form, refusal: DomainError) -> None:
    field = refusal.data.get("field")
    form.add_error(field if field in form.fields else None, str(refusal))


def _back(request: PersonRequest, organization: Organization, refusal: DomainError) -> HttpResponse:
    messages.warning(request, str(refusal))
    return redirect("api_keys", organization.slug)


def _page(
    request: PersonRequest, name: str, organization: Organization, *, status: int = 200, **context: Any
) -> HttpResponse:
    return render(request, f"api_keys/{name}.html", {"organization": organization, **context}, status=status)
