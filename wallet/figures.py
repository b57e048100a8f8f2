"""What the staff's first page counts. A figure equals the list it links to, or says that there are more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Model, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.kyc import waiting
from accounts.models import (
    AuditEvent,
    Customer,
    FactorReset,
    KycApplication,
    ScreeningHit,
    WebhookEndpoint,
)
from core.ids import uuid7_at
from core.staff import list_of, page_of, start_of
from realtime.models import ParkedMessage
from wallet.models import Account, Case, Payment, Payout, Seal, Transaction, WebhookEvent

MOST = 10_000


@dataclass(frozen=True)
class Figure:
    """A number and the address of the list it counts; `alarm` when staff should look."""

    label: str | Promise
    value: int | str | Promise | datetime
    address: str
    alarm: bool = False
    more: bool = False


@dataclass(frozen=True)
class Group:
    title: str | Promise
    model: type[Model]
    figures: list[Figure]


def overview(*, at: datetime) -> list[Group]:
    """Return all figures as of `at`; the caller shows those whose model the reader may view."""
    return [
        _postings(at),
        _accounts(),
        _payments(at),
        _payouts(at),
        _webhooks(),
        _endpoints(),
        _parked(),
        _applications(at),
        _cases(),
        _restricted(),
        _screening(),
        _resets(at),
        _proofs(),
    ]


def open_for(payments: QuerySet[Payment], step: str, *, at: datetime) -> QuerySet[Payment]:
    """Open payments started within the hour, within the day but not the hour, or longer ago."""
    waiting = payments.filter(state__in=Payment.OPEN_STATES)
    hour, day = at - timedelta(hours=1), at - timedelta(days=1)
    if step == "hour":
        return waiting.filter(created_at__gt=hour)
    if step == "day":
        return waiting.filter(created_at__lte=hour, created_at__gt=day)
    return waiting.filter(created_at__lte=day)


def verifications() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(target_type=Seal._meta.label_lower, action="wallet.ledger.verified")


def _figure(label: str | Promise, rows: QuerySet[Any], address: str, *, alarming: bool = False) -> Figure:
    found = rows.order_by()[: MOST + 1].count()
    return Figure(label, min(found, MOST), address, alarm=alarming and found > 0, more=found > MOST)


def _postings(at: datetime) -> Group:
    today = uuid7_at(start_of(timezone.localdate(at)))
    tomorrow = uuid7_at(start_of(timezone.localdate(at) + timedelta(days=1)))
    rows = Transaction.objects.filter(pk__gte=today, pk__lt=tomorrow)
    return Group(
        _("Ledger today"),
        Transaction,
        [
            _figure(
                _("Postings"),
                rows.filter(pk=F("posting_id")),
                list_of(Transaction, when="today", rows="postings"),
            ),
            _figure(_("Transactions"), rows, list_of(Transaction, when="today")),
        ],
    )


def _accounts() -> Group:
    counted = dict(Account.objects.order_by().values_list("state").annotate(Count("pk")))
    figures = [
        Figure(label, counted.get(state, 0), list_of(Account, state__exact=state))
        for state, label in Account.State.choices
    ]
    return Group(_("Accounts"), Account, figures)


def _payments(at: datetime) -> Group:
    steps = [("hour", _("Under an hour")), ("day", _("Under a day")), ("older", _("Longer"))]
    figures = [
        _figure(
            label,
            open_for(Payment.objects.all(), step, at=at),
            list_of(Payment, open=step),
            alarming=step == "older",
        )
        for step, label in steps
    ]
    return Group(_("Open payments"), Payment, figures)


def _payouts(at: datetime) -> Group:
    unanswered = Payout.objects.filter(state=Payout.State.UNKNOWN)
    figures = [
        _figure(
            _("Without an answer"),
            unanswered,
            list_of(Payout, state__exact="UNKNOWN"),
            alarming=unanswered.filter(unknown_since__lte=at - timedelta(minutes=30)).exists(),
        ),
        _figure(
            _("On their way"),
            Payout.objects.filter(state=Payout.State.SENT),
            list_of(Payout, state__exact="SENT"),
        ),
    ]
    return Group(_("Payouts"), Payout, figures)


def _webhooks() -> Group:
    figures = [
        _figure(
            label,
            WebhookEvent.objects.filter(state=state),
            list_of(WebhookEvent, state__exact=state),
            alarming=state == WebhookEvent.State.FAILED,
        )
        for state, label in (
            (WebhookEvent.State.RECEIVED, _("Waiting")),
            (WebhookEvent.State.FAILED, _("Failed")),
        )
    ]
    return Group(_("Webhooks"), WebhookEvent, figures)


def _endpoints() -> Group:
    figures = [
        _figure(
            label,
            WebhookEndpoint.objects.kept().filter(reason=reason),
            list_of(WebhookEndpoint, reason__exact=reason),
            alarming=reason == WebhookEndpoint.Reason.FAILING,
        )
        for reason, label in WebhookEndpoint.Reason.choices
        if reason != WebhookEndpoint.Reason.BY_OWNER
    ]
    return Group(_("Disabled webhook endpoints"), WebhookEndpoint, figures)


def _parked() -> Group:
    waiting = ParkedMessage.objects.filter(done_at=None)
    address = list_of(ParkedMessage, state="waiting")
    return Group(
        _("Events that nobody could take"),
        ParkedMessage,
        [_figure(_("Waiting for staff"), waiting, address, alarming=True)],
    )


def _applications(at: datetime) -> Group:
    """Those that wait for staff, by how long, and those that wait for a second person."""
    rows = KycApplication.objects.queued()
    figures = [
        _figure(
            label,
            waiting.waiting_for(rows, step, at=at),
            list_of(KycApplication, waiting=step),
            alarming=step == waiting.OVERDUE,
        )
        for step, label in waiting.STEPS
    ]
    second = rows.filter(recommended_by__isnull=False)
    figures.append(_figure(_("Waiting for a second person"), second, list_of(KycApplication, turn="second")))
    return Group(_("Applications"), KycApplication, figures)


def _cases() -> Group:
    rows = Case.objects.filter(state=Case.State.OPEN)
    return Group(
        _("Cases"), Case, [_figure(_("Open"), rows, list_of(Case, state__exact="OPEN"), alarming=True)]
    )


def _restricted() -> Group:
    figures = [
        _figure(
            label,
            Customer.objects.filter(status=status),
            list_of(Customer, status__exact=status),
            alarming=status == Customer.Status.LOCKED,
        )
        for status, label in Customer.Status.choices
        if status not in (Customer.Status.ACTIVE, Customer.Status.CLOSED)
    ]
    return Group(_("Restricted customers"), Customer, figures)


def _screening() -> Group:
    hits = ScreeningHit.objects.filter(state=ScreeningHit.State.OPEN)
    address = list_of(ScreeningHit, state__exact=ScreeningHit.State.OPEN)
    return Group(
        _("Screening hits"), ScreeningHit, [_figure(_("To be decided"), hits, address, alarming=True)]
    )


def _resets(at: datetime) -> Group:
    waiting = FactorReset.objects.open(at)
    label = _("Waiting for a second person")
    figure = _figure(label, waiting, list_of(FactorReset, now="waiting"), alarming=True)
    return Group(_("Resets of second factors"), FactorReset, [figure])


def _proofs() -> Group:
    seal = Seal.objects.order_by("-number").first()
    proof = verifications().order_by("-id").first()
    faults = proof.data.get("faults", 0) if proof else 0
    return Group(
        _("Proof of the books"),
        Seal,
        [
            Figure(_("Last seal"), seal.sealed_at if seal else _("None yet"), list_of(Seal)),
            Figure(
                _("Last verified, with faults") if faults else _("Last verified"),
                proof.recorded_at if proof else _("Not yet"),
                page_of(AuditEvent, proof.pk) if proof else list_of(Seal),
                alarm=bool(faults),
            ),
        ],
    )
