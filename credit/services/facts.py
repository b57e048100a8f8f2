"""What is known of an applicant, input by input, each with where it comes from and when it was so.

Only what `credit/inputs.py` names, from the application, our books, loans here and the bureaux' reports. A fact that
nobody knows is None: missing, not zero. Percents and months are rounded down to one place.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from django.db.models import Max, Sum
from django.utils import timezone

from accounts.models import Customer
from accounts.models.kyc import KycApplication
from credit import bureaux
from credit.bureaux import STANDINGS, Report
from credit.decisions import Input
from credit.inputs import INPUTS, Source
from credit.models import Application, Bucket, BucketChange, BureauReport, Loan
from credit.scorecard import Value
from credit.services.searching import report_in
from credit.states import State
from wallet.models import Account, Transaction

LOOKED_AT = timedelta(days=90)
MONTH = Decimal("30.4375")
TENTH = Decimal("0.1")
# What comes in from outside or from others; not what somebody moves from their own savings, or borrows.
EARNED = ("DEPOSIT", "TRANSFER", "SETTLEMENT")
# At least how late a loan was that was in a bucket.
LEAST_DAYS = {
    Bucket.CURRENT: 0,
    Bucket.DAYS_1_30: 1,
    Bucket.DAYS_31_60: 31,
    Bucket.DAYS_61_90: 61,
    Bucket.DAYS_OVER_90: 91,
}


def inputs_of(application: Application, reports: Mapping[str, BureauReport], *, at: datetime) -> list[Input]:
    """Return every input there is of an application, by these reports of the bureaux."""
    told = {code: report_in(row) for code, row in reports.items()}
    on = timezone.localdate(at)
    values: dict[str, Value] = {
        **_declared(application, told.values(), on),
        **_ours(application, at, on),
        **_lent(application),
        **_elsewhere(told.values(), on),
    }
    searched = max((row.answered_at for row in reports.values() if row.answered_at), default=at)
    named = "bureaux: " + ", ".join(sorted(reports)) if reports else "bureaux: none"
    return [
        Input(one.name, values[one.name], named, searched)
        if one.source is Source.BUREAU
        else Input(one.name, values[one.name], str(one.source), at)
        for one in INPUTS
    ]


def _declared(application: Application, told: Iterable[Report], on: date) -> dict[str, Value]:
    """What the applicant says; of what they pay already, the more of what they say and what is known."""
    elsewhere = max((sum(line.monthly for line in report.lines) for report in told), default=0)
    debts = max(application.debts or 0, elsewhere + _paid_here(application))
    # No lender's rate: the instalment is what the principal alone comes to, rounded up.
    instalment = -(-(application.amount or 0) // (application.count or 1))
    since = application.employed_since
    return {
        "pay_to_income": _percent(debts + instalment, application.income),
        "expenses_to_income": _percent(application.expenses, application.income),
        "employment": application.employment or None,
        "months_employed": _months(since, on),
    }


def _ours(application: Application, at: datetime, on: date) -> dict[str, Value]:
    """Who they are, and what the books say of their wallet and their savings."""
    accounts = Account.objects.filter(owner_id=application.user_id, currency_id=application.currency_id)
    wallet = accounts.filter(kind=Account.Kind.WALLET).first()
    saved = accounts.filter(kind=Account.Kind.SAVINGS).aggregate(sum=Sum("balance"))["sum"] or 0
    born = _born(application)
    opened = timezone.localdate(wallet.opened_at) if wallet else None
    return {
        "age": None if born is None else Decimal(_years(born, on)),
        "months_here": _months(opened, on) if opened else Decimal(0),
        "inflow_to_income": _percent(_inflow(wallet, at), application.income) if wallet else None,
        "savings_to_amount": _percent(saved, application.amount),
    }


def _lent(application: Application) -> dict[str, Value]:
    """How loans here went. No loan yet is not the same as never late."""
    loans = Loan.objects.filter(user_id=application.user_id)
    lost = (State.WRITTEN_OFF, State.CHARGED_OFF)
    repaid = (State.CLOSED_MET, State.CLOSED_REFINANCED, State.OVERPAID)
    if not loans.exists():
        return {"late_days_here": None, "arrears_here": None, "repaid_here": None, "lost_here": None}
    arrears = loans.aggregate(most=Max("position__overdue_days"))["most"] or 0
    buckets = set(BucketChange.objects.filter(loan__in=loans).values_list("now", flat=True))
    worst = max([arrears, *(LEAST_DAYS[Bucket(bucket)] for bucket in buckets)])
    return {
        "late_days_here": Decimal(worst),
        "arrears_here": Decimal(arrears),
        "repaid_here": Decimal(loans.filter(application__state__in=repaid).count()),
        "lost_here": Decimal(loans.filter(application__state__in=lost).count()),
    }


def _elsewhere(told: Iterable[Report], on: date) -> dict[str, Value]:
    """The worst that any bureau says. One that knows nobody says nothing; inquiries stand in every file."""
    found = [report for report in told if report.found]
    lines = [line for report in found for line in report.lines]
    standings = [report.standing for report in found if report.standing is not None]
    opened = min((date.fromisoformat(line.opened) for line in lines), default=None)
    return {
        "bureau_standing": max(standings, key=STANDINGS.index, default=None),
        "bureau_late_days": Decimal(max(line.late_days for line in lines)) if lines else None,
        "bureau_months": _months(opened, on),
        "inquiries": Decimal(max(report.inquiries for report in found)) if found else None,
    }


def _paid_here(application: Application) -> int:
    """The next instalments of loans here that go on, but for the one that this would replace (minor units)."""
    loans = Loan.objects.filter(user_id=application.user_id, closed_on=None)
    going_on = loans.exclude(pk=application.refinances_id)
    return int(going_on.aggregate(sum=Sum("position__next_due_amount"))["sum"] or 0)


def _inflow(wallet: Account, at: datetime) -> int:
    """What came into a wallet in a month, on average over the last three (minor units)."""
    came = Transaction.objects.filter(
        credit_account=wallet, kind__in=EARNED, recorded_at__gt=at - LOOKED_AT, recorded_at__lte=at
    )
    return int(came.aggregate(sum=Sum("amount"))["sum"] or 0) // 3


def _born(application: Application) -> date | None:
    known = Customer.objects.filter(pk=application.user_id).values_list("date_of_birth", flat=True).first()
    if known:
        return known
    declared = KycApplication.objects.filter(customer_id=application.user_id, date_of_birth__isnull=False)
    return declared.order_by("-id").values_list("date_of_birth", flat=True).first()


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _months(since: date | None, on: date) -> Decimal | None:
    if since is None:
        return None
    return (Decimal(max((on - since).days, 0)) / MONTH).quantize(TENTH, ROUND_DOWN)


def _percent(part: int | None, whole: int | None) -> Decimal | None:
    """None where either is not known; of no income every part is too much, so that is not known either."""
    if part is None or not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(TENTH, ROUND_DOWN)


def counted_reports(reports: Mapping[str, BureauReport]) -> list[dict[str, str]]:
    """Name the reports that counted, for the notice of a refusal."""
    return [
        {
            "bureau": code,
            "name": bureaux.name_of(code),
            "report": str(row.pk),
            "on": row.asked_at.date().isoformat(),
        }
        for code, row in sorted(reports.items())
    ]
