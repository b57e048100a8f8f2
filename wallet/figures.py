"""What the staff's first page counts of money."""

from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent
from core import staff_figures
from core.ids import uuid7_at
from core.staff import list_of, page_of, start_of
from core.staff_ages import figures_by_age
from core.staff_figures import Figure, Group, counted, register
from core.templatetags.money import money
from wallet.models import Account, Break, Case, Payment, Payout, Seal, Transaction, WebhookEvent

NGN = "NGN"
IN, OUT = "DEPOSIT", "WITHDRAWAL"
UNANSWERED = (("new", _("Under half an hour")), ("day", _("Under a day")), ("older", _("Longer")))


def open_for(payments: QuerySet[Payment], step: str, *, at: datetime) -> QuerySet[Payment]:
    """Open payments started within the hour, within the day but not the hour, or longer ago."""
    waiting = payments.filter(state__in=Payment.OPEN_STATES)
    hour, day = at - timedelta(hours=1), at - timedelta(days=1)
    if step == "hour":
        return waiting.filter(created_at__gt=hour)
    if step == "day":
        return waiting.filter(created_at__lte=hour, created_at__gt=day)
    return waiting.filter(created_at__lte=day)


def unanswered_for(payouts: QuerySet[Payout], step: str, *, at: datetime) -> QuerySet[Payout]:
    """Payouts without an answer for less than half an hour, for less than a day, or longer."""
    waiting = payouts.filter(state=Payout.State.UNKNOWN)
    half_an_hour, day = at - timedelta(minutes=30), at - timedelta(days=1)
    if step == "new":
        return waiting.filter(unknown_since__gt=half_an_hour)
    if step == "day":
        return waiting.filter(unknown_since__lte=half_an_hour, unknown_since__gt=day)
    return waiting.filter(unknown_since__lte=day)


def verifications() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(target_type=Seal._meta.label_lower, action="wallet.ledger.verified")


def _postings(at: datetime) -> Group:
    today = uuid7_at(start_of(timezone.localdate(at)))
    tomorrow = uuid7_at(start_of(timezone.localdate(at) + timedelta(days=1)))
    rows = Transaction.objects.filter(pk__gte=today, pk__lt=tomorrow)
    return Group(
        _("Ledger today"),
        Transaction,
        [
            counted(
                _("Postings"),
                rows.filter(pk=F("posting_id")),
                list_of(Transaction, when="today", rows="postings"),
            ),
            counted(_("Transactions"), rows, list_of(Transaction, when="today")),
            _sum(_("Money in"), rows, IN),
            _sum(_("Money out"), rows, OUT),
        ],
    )


def _sum(label: str | Promise, rows: QuerySet[Transaction], kind: str) -> Figure:
    """What of a kind moved in naira, of as many rows as a figure counts at most."""
    found = rows.filter(kind=kind, currency=NGN).order_by("-pk")[: staff_figures.MOST + 1]
    total = found.aggregate(total=Sum("amount"), rows=Count("pk"))
    more = total["rows"] > staff_figures.MOST
    return Figure(
        label, money(total["total"] or 0, NGN), list_of(Transaction, when="today", kind=kind), more=more
    )


def _accounts(_at: datetime) -> Group:
    states = dict(Account.objects.order_by().values_list("state").annotate(Count("pk")))
    figures = [
        Figure(label, states.get(state, 0), list_of(Account, state__exact=state))
        for state, label in Account.State.choices
    ]
    return Group(_("Accounts"), Account, figures)


def _payments(at: datetime) -> Group:
    steps = [("hour", _("Under an hour")), ("day", _("Under a day")), ("older", _("Longer"))]
    figures = [
        counted(
            label,
            open_for(Payment.objects.all(), step, at=at),
            list_of(Payment, open=step),
            alarming=step == "older",
        )
        for step, label in steps
    ]
    return Group(_("Open payments"), Payment, figures)


def _payouts(at: datetime) -> Group:
    figures = [
        counted(
            label,
            unanswered_for(Payout.objects.all(), step, at=at),
            list_of(Payout, unanswered=step),
            alarming=step != "new",
        )
        for step, label in UNANSWERED
    ]
    return Group(_("Payouts without an answer"), Payout, figures)


def _breaks(at: datetime) -> Group:
    """Differences between gateways and books that nobody has explained, by age: a day with one cannot be closed."""
    figures = [
        counted(
            label,
            Break.objects.open().aged(step, at=at),
            list_of(Break, state__exact="OPEN", age=step),
            alarming=step != "day",
        )
        for step, label in Break.STEPS
    ]
    return Group(_("Differences to gateways"), Break, figures)


def _webhooks(_at: datetime) -> Group:
    figures = [
        counted(
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


OPEN_CASES = Q(state=Case.State.OPEN)


def _cases(at: datetime) -> Group:
    """Those that are open, by how long."""
    return Group(_("Cases"), Case, figures_by_age(Case, since="opened_at", waiting=OPEN_CASES, at=at))


def _proofs(_at: datetime) -> Group:
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


register(Case, _cases, order=10)
register(Payment, _payments, order=15)
register(Payout, _payouts, order=20)
register(Break, _breaks, order=25)
register(WebhookEvent, _webhooks, order=40)
register(Transaction, _postings, order=50)
register(Account, _accounts, order=55)
register(Seal, _proofs, order=70)
