"""Credit in the life of a person's account: what is exported, what keeps it open, and what ends with it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import life
from accounts.life import Blocker
from accounts.models import User
from credit.models import (
    AdverseAction,
    Application,
    Bid,
    BucketChange,
    BureauReport,
    Collection,
    Consent,
    Contract,
    CreditScore,
    DelinquencyPause,
    FileView,
    HardshipRequest,
    Instalment,
    Loan,
    LoanDay,
    LoanStanding,
    LoanTransaction,
    PayoffQuote,
    Payout,
    Position,
    Question,
    Reminder,
    ReportedLoan,
    ScheduleVersion,
    Share,
    Signature,
    StatusChange,
    loan_day_id,
)
from credit.services import applying
from credit.services.applying import OPEN
from credit.states import ENDED, State

DAY = timedelta(days=1)
# Nothing is agreed, or all of it is over: these keep no account open.
LETS_GO = (*OPEN, *ENDED, State.DECLINED, State.CLOSED_MET)

APPLICATION = (
    *("id", "state", "amount", "count", "purpose", "purpose_text", "employment", "employed_since", "income"),
    *("expenses", "debts", "released", "pools", "collects", "refinances_id", "submitted_at", "complete_at"),
    *("deadline", "sign_by", "listings", "made_at", "changed_at", "ended_at"),
)
CONSENT = ("application_id", "kind", "version", "sha256", "given_at", "expires_at", "withdrawn_at")
CHANGE = ("application_id", "was", "now", "event", "who", "on", "made_at")
QUESTION = ("application_id", "text", "asked_at", "answer", "document_id", "answered_at")
LOOK = ("application_id", "provider__display_name", "fields", "watermark", "made_at")
REPORT = (
    *("application_id", "bureau", "kind", "state", "mapped", "sha256", "asked_at", "answered_at"),
    *("disputed_at", "dispute"),
)
SCORE = ("application_id", "outcome", "score", "cut_off", "pd", "record", "sha256", "reasons", "made_at")
REFUSAL = ("application_id", "kind", "reasons", "bureaux", "due_at", "sent_at", "made_at")
# What a lender owes us for an offer is the lender's own.
OFFER = (
    *("id", "application_id", "provider__display_name", "amount", "count", "rate", "fees", "received"),
    *("total_payable", "apr", "conditions", "terms", "sha256", "state", "made_at", "expires_at", "ended_at"),
)
CONTRACT = (
    *("id", "application_id", "amount", "count", "rate", "fees", "received", "total_payable", "apr"),
    *("cooling_off_days", "rules", "late", "terms", "sha256", "accepted_at", "signed_at"),
    *("cooling_off_until", "draw_until", "ended_at", "end_reason"),
)
SHARE = ("contract_id", "provider__display_name", "amount", "rate", "fees")
SIGNATURE = ("contract_id", "side", "party_id", "sha256", "made_at")
LOAN = (
    *("application_id", "number", "amount", "terms", "late", "effective_rate", "opened_on", "made_at"),
    *("replaced_by_id", "closed_on"),
)
TRANSACTION = (
    *("loan_id", "number", "kind", "on", "amount", "interest", "principal", "fees", "penalties", "ahead"),
    *("overpaid", "data", "posting_id", "reverses_id", "reason", "made_at"),
)
PAYOUT = ("transaction_id", "share__provider__display_name", "principal", "interest", "charges", "posting_id")
VERSION = ("loan_id", "number", "on", "reason", "made_at")
ROW = ("version__loan_id", "version__number", "number", "start", "due", "opening", "interest", "principal")
QUOTE = (
    *("loan_id", "day", "principal", "interest", "fees", "penalties", "posting_id", "made_at"),
    *("expires_at", "used_at"),
)
HELP = ("loan_id", "wish", "text", "can_pay", "state", "answer", "made_at", "ended_at")
PAUSE = ("loan_id", "since", "until", "reason", "made_at")
POSITION = (
    *("loan_id", "next_day", "per_day", "accrued", "charged", "principal", "due_interest", "due_principal"),
    *("fees", "penalties", "overpaid", "penalties_charged", "recovered", "next_due_on", "next_due_amount"),
    *("due_since", "overdue_days", "paused_until", "bucket", "stage", "cured_since"),
)
LOAN_DAY = (
    *("loan_id", "day", "principal", "accrued", "adjusted", "overdue", "overdue_days", "bucket", "stage"),
    "allowance",
)
BUCKET = ("loan_id", "day", "was", "now", "stage_was", "stage_now", "overdue_days")
COLLECTION = ("loan_id", "due_date", "state", "taken", "tries", "code", "posting_id", "made_at", "ended_at")
REPORTED = ("loan_id", "of_return_id", "month", "status", "balance", "overdue", "days_late")
REMINDER = ("loan_id", "due_date", "kind", "made_at")


def export(user: User) -> Iterator[life.File]:
    """A person's applications and loans with all that was said, decided, agreed and paid. Amounts in minor units."""
    yield from _applications(user)
    yield from _agreements(user)
    yield from _loans(user)


def _applications(user: User) -> Iterator[life.File]:
    own = Application.objects.visible_to(user)
    yield "loan_applications", _rows(own, *APPLICATION)
    yield "loan_consents", _rows(Consent.objects.filter(application__in=own), *CONSENT)
    yield "loan_states", _rows(StatusChange.objects.filter(application__in=own), *CHANGE)
    yield "loan_questions", _rows(Question.objects.filter(application__in=own), *QUESTION)
    yield "loan_file_views", _rows(FileView.objects.filter(application__in=own), *LOOK)
    yield "bureau_reports", _rows(BureauReport.objects.filter(application__in=own), *REPORT)
    yield "credit_scores", _rows(CreditScore.objects.filter(application__in=own), *SCORE)
    yield "loan_refusals", _rows(AdverseAction.objects.filter(application__in=own), *REFUSAL)


def _agreements(user: User) -> Iterator[life.File]:
    own = Application.objects.visible_to(user)
    contracts = Contract.objects.filter(application__in=own)
    yield "loan_offers", _rows(Bid.objects.filter(application__in=own), *OFFER)
    yield "loan_contracts", _rows(contracts, *CONTRACT)
    yield "loan_shares", _rows(Share.objects.filter(contract__in=contracts), *SHARE)
    yield "loan_signatures", _rows(Signature.objects.filter(contract__in=contracts), *SIGNATURE)


def _loans(user: User) -> Iterator[life.File]:
    own = Loan.objects.visible_to(user)
    yield "loans", _rows(own, *LOAN)
    yield "loan_positions", _rows(Position.objects.filter(loan__in=own), *POSITION)
    yield (
        "loan_standings",
        _rows(LoanStanding.objects.filter(loan__in=own), "loan_id", "data", "transactions"),
    )
    yield "loan_transactions", _rows(LoanTransaction.objects.filter(loan__in=own), *TRANSACTION)
    yield "loan_payouts", _rows(Payout.objects.filter(transaction__loan__in=own), *PAYOUT)
    yield "loan_schedules", _rows(ScheduleVersion.objects.filter(loan__in=own), *VERSION)
    yield "loan_instalments", _rows(Instalment.objects.filter(version__loan__in=own), *ROW)
    yield "loan_quotes", _rows(PayoffQuote.objects.filter(loan__in=own), *QUOTE)
    yield "loan_help_asked", _rows(HardshipRequest.objects.filter(loan__in=own), *HELP)
    yield "loan_pauses", _rows(DelinquencyPause.objects.filter(loan__in=own), *PAUSE)
    yield "loan_days", _days(own)
    yield "loan_late_days", _rows(BucketChange.objects.filter(loan__in=own), *BUCKET)
    yield "loan_collections", _rows(Collection.objects.filter(loan__in=own), *COLLECTION)
    yield "loan_reports_to_bureaux", _rows(ReportedLoan.objects.filter(loan__in=own), *REPORTED)
    yield "loan_reminders", _rows(Reminder.objects.filter(loan__in=own), *REMINDER)


def _days(loans: QuerySet[Loan]) -> Iterator[dict[str, Any]]:
    """Loan by loan and year by year: their days are found by their ids."""
    for loan in loans.order_by("pk"):
        day, ends = loan.opened_on, loan.closed_on or timezone.localdate()
        while day <= ends:
            until = min(day + 365 * DAY, ends + DAY)
            ids = [loan_day_id(loan.pk, day + number * DAY) for number in range((until - day).days)]
            yield from _rows(LoanDay.objects.filter(pk__in=ids), *LOAN_DAY)
            day = until


def blockers(user: User) -> Iterator[Blocker]:
    """A loan that is owed, and an offer that was accepted, keep an account open."""
    going_on = Application.objects.filter(user=user).exclude(state__in=LETS_GO).order_by("pk")
    for application in going_on.select_related("loan")[:3]:
        loan = getattr(application, "loan", None)
        if loan is not None:
            yield Blocker(
                _("Your loan %(number)s goes on") % {"number": loan.number},
                _("Pay it off first. Its page says what that comes to today."),
                reverse("loan_application", args=[application.pk]),
            )
        else:
            yield Blocker(
                _("You have accepted an offer for a loan"),
                _("Let it lapse or cancel it first. Its page says how."),
                reverse("loan_application", args=[application.pk]),
            )


def close(*, user: User, at: datetime, **_signal: Any) -> None:
    """Withdraw whatever was asked for and nothing is agreed about: lenders see no more of it."""
    open_ones = Application.objects.filter(user=user, state__in=OPEN).values_list("pk", flat=True)
    for application_id in list(open_ones):
        applying.withdraw(application_id=application_id, user=user, at=at)


def register() -> None:
    life.exporters.append(export)
    life.blockers.append(blockers)
    life.closing.connect(close, dispatch_uid="credit.personal.close")


def _rows(rows: QuerySet[Any], *fields: str) -> Iterator[dict[str, Any]]:
    return rows.order_by("pk").values(*fields).iterator(chunk_size=500)
