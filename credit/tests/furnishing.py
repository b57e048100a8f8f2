"""A row in every table of credit that is about a person."""

from datetime import timedelta
from decimal import Decimal

from accounts.models import User
from accounts.tests.factories import make_person
from core.ids import posting_id, uuid7
from credit.card_data import card_of
from credit.decisions import Input, decide
from credit.models import (
    AdverseAction,
    BucketChange,
    BureauReport,
    BureauReturn,
    Case,
    Collection,
    CreditScore,
    DelinquencyPause,
    Disbursement,
    FileView,
    HardshipRequest,
    Loan,
    LoanDay,
    LoanRoll,
    PayoffQuote,
    Question,
    Reminder,
    ReportedLoan,
    ScorecardVersion,
    Signature,
    StatusChange,
    loan_day_id,
)
from credit.tests.world import NAIRA, day, lender, lent, moment, product


def furnish_credit(user: User) -> Loan:
    """A loan, and all that was asked, said, searched, decided and reminded on the way to it and since."""
    provider = lender(make_person(name="Kunle Ojo"), name="Furnished Credit")
    loan = lent(user, product(provider), naira=10_000, at=moment(day(3)), tier=0)
    asked, at = loan.application, moment(day(2))
    consent = asked.consents.first() or asked.consents.create(
        kind="SOFT_SEARCH", version="1", sha256="0" * 64, given_at=at, expires_at=at + timedelta(days=90)
    )
    StatusChange.objects.create(
        application=asked, was="SIGNED", now="ACTIVE", event="disburse", who="system", on=day(2)
    )
    officer = make_person(name="Officer Obi")
    Question.objects.create(application=asked, text="Your payslip?", asked_by=officer, asked_at=at)
    FileView.objects.create(application=asked, provider=provider, fields=["amount"], watermark="w-1")
    BureauReport.objects.create(
        application=asked,
        bureau="meridian",
        kind="SOFT",
        consent=consent,
        state="ANSWERED",
        mapped={"found": False, "inquiries": 1, "lines": []},
        asked_at=at,
        answered_at=at,
    )
    version = ScorecardVersion.objects.earliest("from_date")
    card = card_of(version.card)
    decision = decide(card, [Input(name, None, "a test", at) for name in sorted(card.inputs)])
    score = CreditScore.objects.create(
        application=asked,
        card=version,
        outcome=decision.outcome,
        score=decision.score.rounded,
        cut_off=card.cut_off,
        pd=decision.score.pd,
        record=decision.record,
        sha256=decision.sha256,
    )
    AdverseAction.objects.create(
        application=asked, kind="DECLINED", score=score, reasons=[], due_at=at + timedelta(days=30)
    )
    Case.objects.create(application=asked, kind="REVIEW", text="what colleagues think", due_at=at)
    for share in loan.contract.shares.all():
        Disbursement.objects.create(share=share, state="PAID", ended_at=at)
    Signature.objects.create(
        contract=loan.contract, side="BORROWER", party_id=user.pk, by_id=user.pk, sha256="0" * 64
    )
    PayoffQuote.objects.create(
        loan=loan,
        day=day(0),
        principal=1,
        interest=1,
        fees=0,
        penalties=0,
        transactions=1,
        expires_at=at + timedelta(days=3),
    )
    HardshipRequest.objects.create(loan=loan, wish="TALK", text="Call me")
    DelinquencyPause.objects.create(loan=loan, since=day(1), until=day(0), reason="A sick child")
    facts = {"loan": loan, "bucket": "CURRENT", "stage": 1}
    LoanDay.objects.get_or_create(
        id=loan_day_id(loan.pk, day(3)),
        defaults={**facts, "day": day(3), "principal": 10_000 * NAIRA, "accrued": Decimal(1)},
    )
    LoanRoll.objects.get_or_create(day=day(3), defaults={"loans": 1})
    BucketChange.objects.create(
        id=uuid7(),
        loan=loan,
        day=day(2),
        was="CURRENT",
        now="DAYS_1_30",
        stage_was=1,
        stage_now=1,
        overdue_days=1,
    )
    Collection.objects.create(
        loan=loan, due_date=day(1), state="TAKEN", taken=1, posting_id=posting_id(), ended_at=at
    )
    Reminder.objects.create(loan=loan, due_date=day(1), kind="SOON")
    month = day(0).replace(day=1)
    told, _is_new = BureauReturn.objects.get_or_create(
        month=month, defaults={"rows": 1, "corrections": 0, "lent": 1, "balance": 1, "overdue": 0}
    )
    ReportedLoan.objects.create(
        of_return=told, loan=loan, month=month, status="OPEN", balance=1, overdue=0, days_late=0
    )
    return loan
