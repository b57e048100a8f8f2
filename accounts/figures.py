"""What the staff's first page counts of people and of what is told to them."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.kyc import waiting
from accounts.models import (
    Approval,
    Customer,
    FactorReset,
    FailedTask,
    KycApplication,
    NotificationDelivery,
    ScreeningHit,
    WebhookDelivery,
    WebhookEndpoint,
)
from core.ids import uuid7_at
from core.staff import list_of, start_of
from core.staff_ages import figures_by_age
from core.staff_figures import Group, counted, register
from realtime.models import ParkedMessage


def approvals(at: datetime) -> Group:
    """Those that wait, by how long, and those that have one word of two."""
    open_ = Q(state=Approval.State.PENDING, expires_at__gt=at)
    figures = figures_by_age(Approval, since="made_at", waiting=open_, at=at)
    second = Approval.objects.waiting(at).filter(checker__isnull=False)
    figures.append(counted(_("Waiting for one more person"), second, list_of(Approval, turn="second")))
    return Group(_("Approvals"), Approval, figures)


def broken(at: datetime) -> Group:
    rows = FailedTask.objects.filter(state=FailedTask.State.OPEN)
    address = list_of(FailedTask, state__exact=FailedTask.State.OPEN)
    return Group(
        _("Work that broke"), FailedTask, [counted(_("Waiting for staff"), rows, address, alarming=True)]
    )


def letters(_at: datetime) -> Group:
    rows = _of_a_week(NotificationDelivery.objects.filter(state=NotificationDelivery.State.FAILED))
    address = list_of(NotificationDelivery, state__exact=NotificationDelivery.State.FAILED, when="7")
    figure = counted(_("In 7 days"), rows, address)
    return Group(_("Notices that did not arrive"), NotificationDelivery, [figure])


def deliveries(_at: datetime) -> Group:
    rows = _of_a_week(WebhookDelivery.objects.filter(state=WebhookDelivery.State.FAILED))
    address = list_of(WebhookDelivery, state__exact=WebhookDelivery.State.FAILED, when="7")
    figure = counted(_("In 7 days"), rows, address)
    return Group(_("Webhooks that organisations did not take"), WebhookDelivery, [figure])


def _of_a_week(rows: QuerySet[Any]) -> QuerySet[Any]:
    """As a list does that is filtered by seven days: a range of the key, at any size."""
    return rows.filter(pk__gte=uuid7_at(start_of(timezone.localdate() - timedelta(days=6))))


def endpoints(_at: datetime) -> Group:
    figures = [
        counted(
            label,
            WebhookEndpoint.objects.kept().filter(reason=reason),
            list_of(WebhookEndpoint, reason__exact=reason),
            alarming=reason == WebhookEndpoint.Reason.FAILING,
        )
        for reason, label in WebhookEndpoint.Reason.choices
        if reason != WebhookEndpoint.Reason.BY_OWNER
    ]
    return Group(_("Disabled webhook endpoints"), WebhookEndpoint, figures)


def parked(_at: datetime) -> Group:
    rows = ParkedMessage.objects.filter(done_at=None)
    address = list_of(ParkedMessage, state="waiting")
    return Group(
        _("Events that nobody could take"),
        ParkedMessage,
        [counted(_("Waiting for staff"), rows, address, alarming=True)],
    )


def applications(at: datetime) -> Group:
    """Those that wait for staff, by how long, and those that wait for a second person."""
    rows = KycApplication.objects.queued()
    figures = [
        counted(
            label,
            waiting.waiting_for(rows, step, at=at),
            list_of(KycApplication, waiting=step),
            alarming=step == waiting.OVERDUE,
        )
        for step, label in waiting.STEPS
    ]
    second = rows.filter(recommended_by__isnull=False)
    figures.append(counted(_("Waiting for a second person"), second, list_of(KycApplication, turn="second")))
    return Group(_("Applications"), KycApplication, figures)


def restricted(_at: datetime) -> Group:
    figures = [
        counted(
            label,
            Customer.objects.filter(status=status),
            list_of(Customer, status__exact=status),
            alarming=status == Customer.Status.LOCKED,
        )
        for status, label in Customer.Status.choices
        if status not in (Customer.Status.ACTIVE, Customer.Status.CLOSED)
    ]
    return Group(_("Restricted customers"), Customer, figures)


def screening(_at: datetime) -> Group:
    hits = ScreeningHit.objects.filter(state=ScreeningHit.State.OPEN)
    address = list_of(ScreeningHit, state__exact=ScreeningHit.State.OPEN)
    return Group(
        _("Screening hits"), ScreeningHit, [counted(_("To be decided"), hits, address, alarming=True)]
    )


def resets(at: datetime) -> Group:
    rows = FactorReset.objects.open(at)
    label = _("Waiting for a second person")
    figure = counted(label, rows, list_of(FactorReset, now="waiting"), alarming=True)
    return Group(_("Resets of second factors"), FactorReset, [figure])


register(Approval, approvals, order=5)
register(KycApplication, applications, order=20)
register(ScreeningHit, screening, order=30)
register(FactorReset, resets, order=35)
register(Customer, restricted, order=60)
register(FailedTask, broken, order=80)
register(ParkedMessage, parked, order=82)
register(WebhookEndpoint, endpoints, order=84)
register(WebhookDelivery, deliveries, order=86)
register(NotificationDelivery, letters, order=88)
