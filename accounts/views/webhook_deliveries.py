"""What an endpoint was sent and how it went, sending again, and the events of an organisation."""

import json
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import messages
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.event_types import all_event_types
from accounts.events import events_of
from accounts.models import WebhookAttempt, WebhookDelivery
from accounts.requests import PersonRequest
from accounts.services.webhooks import envelope, resending, schedule
from accounts.views.managed import managed
from accounts.views.webhooks import found_endpoint, page
from accounts.webhook_forms import DeliveryFilter, RangeForm
from core.api.ids import encode
from core.errors import DomainError
from realtime.models import Message

PAGE = 25
TRIES_SHOWN = 50
Row = TypeVar("Row", bound=Model)


@never_cache
@require_safe
def endpoint_page(request: PersonRequest, slug: str, endpoint_id: UUID) -> HttpResponse:
    """An endpoint, and its deliveries, filtered and paged by the address."""
    organization, endpoint = found_endpoint(request, slug, endpoint_id)
    form = DeliveryFilter(request.GET)
    wanted = {"state": "state", "type": "event"}
    asked = form.cleaned_data if form.is_valid() else {}
    narrowing = {wanted[name]: value for name, value in asked.items() if value}
    sent = WebhookDelivery.objects.visible_to(request.user).filter(endpoint=endpoint, **narrowing)
    deliveries, newer, older = paged(sent, request.GET)
    states = [
        (label, _with(request.GET, state=value), asked.get("state", "") == value)
        for value, label in form.fields["state"].choices  # type: ignore[attr-defined]
    ]
    return page(
        request,
        "endpoint",
        organization,
        endpoint=endpoint,
        has_two_secrets=endpoint.has_two_secrets(timezone.now()),
        deliveries=deliveries,
        newer=newer,
        older=older,
        form=form,
        states=states,
        is_narrowed=bool(narrowing),
    )


@require_POST
def test_send(request: PersonRequest, slug: str, endpoint_id: UUID) -> HttpResponse:
    """Send a test event, and go to where one sees how it went."""
    organization, endpoint = found_endpoint(request, slug, endpoint_id)
    try:
        delivery = resending.send_test(endpoint_id=endpoint.pk, by=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.warning(request, str(refusal))
        return redirect("webhook_endpoint", organization.slug, endpoint.pk)
    messages.success(request, _("A test event is on its way. Reload this page to see how it went."))
    return redirect("webhook_delivery", organization.slug, endpoint.pk, delivery.pk)


@never_cache
@require_safe
def delivery_page(request: PersonRequest, slug: str, endpoint_id: UUID, delivery_id: UUID) -> HttpResponse:
    """One delivery: the body, and each try with what was sent and what came back."""
    organization, endpoint = found_endpoint(request, slug, endpoint_id)
    latest = WebhookAttempt.objects.order_by("-number")[:TRIES_SHOWN]
    mine = WebhookDelivery.objects.visible_to(request.user).filter(endpoint=endpoint)
    delivery = get_object_or_404(
        mine.prefetch_related(Prefetch("tried", queryset=latest, to_attr="shown_tries")), pk=delivery_id
    )
    message = Message.objects.filter(pk=delivery.message_id).first()
    return page(
        request,
        "delivery",
        organization,
        endpoint=endpoint,
        delivery=delivery,
        message_id=encode(envelope.MESSAGE, delivery.message_id),
        body=_pretty(message) if message else "",
        most_tries=schedule.MOST_TRIES,
    )


@require_POST
def delivery_resend(request: PersonRequest, slug: str, endpoint_id: UUID, delivery_id: UUID) -> HttpResponse:
    organization, endpoint = found_endpoint(request, slug, endpoint_id)
    mine = WebhookDelivery.objects.visible_to(request.user).filter(endpoint=endpoint)
    delivery = get_object_or_404(mine, pk=delivery_id)
    try:
        resending.resend(delivery_id=delivery.pk, by=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("It is sent again. Reload this page to see how it went."))
    return redirect("webhook_delivery", organization.slug, endpoint.pk, delivery.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def range_resend(request: PersonRequest, slug: str, endpoint_id: UUID) -> HttpResponse:
    """Send a stretch of time again: what failed, or all."""
    organization, endpoint = found_endpoint(request, slug, endpoint_id)
    at = timezone.now()
    if request.method != "POST":
        here = timezone.localtime(at).replace(second=0, microsecond=0)
        first = here - timedelta(days=1)
        initial = {"since": f"{first:%Y-%m-%dT%H:%M}", "until": f"{here:%Y-%m-%dT%H:%M}"}
        return page(request, "resend", organization, endpoint=endpoint, form=RangeForm(initial=initial))
    form = RangeForm(request.POST)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            sent = resending.resend_range(
                endpoint_id=endpoint.pk,
                by=request.user,
                since=asked["since"],
                until=asked["until"],
                only_failed=asked["which"] == "failed",
                at=at,
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            said = _("Nothing of then is to be sent.")
            if sent:
                said = _("Events on their way again: %(number)d.") % {"number": sent}
            messages.success(request, said)
            return redirect("webhook_endpoint", organization.slug, endpoint.pk)
    return page(request, "resend", organization, endpoint=endpoint, form=form, status=422)


@never_cache
@require_safe
def event_log(request: PersonRequest, slug: str) -> HttpResponse:
    """What happened in the organisation in the last 30 days."""
    organization = managed(request, slug)
    wanted = request.GET.get("type", "")
    wanted = wanted if wanted in all_event_types() else ""
    found = events_of([organization.pk], at=timezone.now(), event=wanted or None)
    events, newer, older = paged(found, request.GET)
    told = [
        (
            event,
            encode(envelope.EVENT, event.pk),
            json.dumps(event.payload, indent=2, ensure_ascii=False),
        )
        for event in events
    ]
    types = [*all_event_types()]
    return page(
        request, "events", organization, events=told, newer=newer, older=older, types=types, wanted=wanted
    )


@never_cache
@require_safe
def event_types(request: PersonRequest, slug: str) -> HttpResponse:
    """The catalogue, and how a receiver knows that a message is ours."""
    shown = [
        (each, json.dumps(each.example, indent=2, ensure_ascii=False)) for each in all_event_types().values()
    ]
    return page(request, "event_types", managed(request, slug), types=shown)


def paged(rows: QuerySet[Row], asked: QueryDict) -> tuple[list[Row], str, str]:
    """One page of rows, newest first, and the addresses of its neighbours: by key, so that new rows shift nothing."""
    before, after = _key(asked.get("before", "")), _key(asked.get("after", ""))
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        shown, has_newer, has_older = found[:PAGE][::-1], len(found) > PAGE, True
    else:
        found = list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[: PAGE + 1])
        shown, has_newer, has_older = found[:PAGE], before is not None, len(found) > PAGE
    newer = _with(asked, after=str(shown[0].pk)) if shown and has_newer else ""
    older = _with(asked, before=str(shown[-1].pk)) if shown and has_older else ""
    return shown, newer, older


def _with(asked: QueryDict, **changes: str) -> str:
    """The address with this changed, from its first page on unless the change says otherwise."""
    query = asked.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = value
        if not value:
            del query[name]
    return f"?{query.urlencode()}"


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _pretty(message: Message) -> str:
    told: dict[str, Any] = json.loads(
        envelope.body_of(
            message_id=message.pk, event=message.event, payload=message.payload, at=message.inserted_at
        )
    )
    return json.dumps(told, indent=2, ensure_ascii=False)
