"""Figures for a monitoring system, in Prometheus' words, at `/metrics`: for who has the token that a setting holds."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.actors import outside_transaction
from realtime import figures


class Outbox(Collector):
    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("alajo_outbox_waiting", "Messages not had yet.", labels=["reader"])
        age = GaugeMetricFamily("alajo_outbox_age_seconds", "Age of the oldest of them.", labels=["reader"])
        for backlog in figures.backlogs(at=timezone.now()):
            waiting.add_metric([backlog.reader], backlog.waiting)
            age.add_metric([backlog.reader], backlog.age)
        yield waiting
        yield age
        yield GaugeMetricFamily("alajo_outbox_parked", "Messages set aside.", value=figures.parked())


@never_cache
@login_not_required
@require_safe
@outside_transaction
def metrics(request: HttpRequest) -> HttpResponse:
    """404 for everybody else: whether there is such a page is nobody's business."""
    token = settings.METRICS_TOKEN
    if not token or not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}"):
        raise Http404
    registry = CollectorRegistry()
    registry.register(Outbox())
    return HttpResponse(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")
