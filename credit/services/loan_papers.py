"""Papers of a loan: a statement of all that was paid, and the letter that nothing is owed any more.

Each keeps all that it says, so that it can be drawn again to the letter. The same figures are the same paper.
"""

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid5

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from accounts.models import Profile, User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Loan, LoanTransaction, Provider
from credit.replay import Repay, happen, pay
from credit.schedule import roll
from credit.services.folding import event_of
from credit.services.reading import PAYMENTS, read_loan, transactions_of
from credit.standing import begin
from credit.states import State
from credit.terms_data import terms_of
from wallet import services as wallet
from wallet.models import Account, Document
from wallet.services import documents, papers

Kind = Document.Kind
KINDS = (Kind.LOAN_STATEMENT, Kind.DISCHARGE_LETTER)
MOST_A_DAY = 50
DAY = timedelta(days=1)
ENDED = (State.CLOSED_MET, State.CLOSED_REFINANCED)


class LoanNotEnded(DomainError):
    code = "loan_not_ended"
    kind = "conflict"
    message = gettext_lazy("Something is still owed on this loan. The letter is made once it is paid off.")


class TooManyLoanPapers(DomainError):
    code = "loan_papers_too_many"
    kind = "limited"
    message = gettext_lazy("Too many papers were made today. Please try again tomorrow.")


class StatementDoesNotAddUp(Exception):
    """A loan's lines do not come to what is owed: no paper may say so."""


def issue_statement(*, loan: Loan, user: User, at: datetime) -> Document:
    """Make the statement of a loan from its first day up to today. Raises TooManyLoanPapers, StatementDoesNotAddUp."""
    today = timezone.localdate(at)
    with acting_as_service():
        lines = lines_of(loan, until=today)
        reading = read_loan(loan, on=today)
        left = lines[-1][-1] if lines else 0
        if left != reading.outstanding.principal:
            raise StatementDoesNotAddUp(str(loan.pk))
        facts = {
            **_facts(loan, user),
            "until": today.isoformat(),
            "lines": lines,
            "owed": reading.outstanding.total,
            "due": reading.outstanding.due,
        }
        return _issue(Kind.LOAN_STATEMENT, loan, user, facts, at)


def issue_letter(*, loan: Loan, user: User, at: datetime) -> Document:
    """Make the letter of a loan that has ended. Raises LoanNotEnded, TooManyLoanPapers."""
    if loan.application.state not in ENDED or loan.closed_on is None:
        raise LoanNotEnded
    with acting_as_service():
        live = [row for row in transactions_of(loan) if row.kind in PAYMENTS]
        facts = {
            **_facts(loan, user),
            "closed_on": loan.closed_on.isoformat(),
            "paid": sum(row.amount - row.overpaid for row in live),
            "replaced_by": loan.replaced_by.number if loan.replaced_by else "",
        }
        return _issue(Kind.DISCHARGE_LETTER, loan, user, facts, at)


def lines_of(loan: Loan, *, until: date) -> list[list[Any]]:
    """Return what happened up to a day: day, kind, amount, interest, charges, principal, principal left.

    Payments that were taken back are left out, and the others go where they go without them; minor units.
    """
    standing, lines = begin(terms_of(loan.terms)), []
    for row in transactions_of(loan):
        if row.on > until:
            break
        event, interest, charges = event_of(row), 0, 0
        if isinstance(event, Repay):
            paid = pay(standing, event)[1]
            interest, charges = paid.interest, paid.fees + paid.penalties
        before = standing.balance
        standing = happen(standing, event)
        moved = before - standing.balance
        day, kind = row.on.isoformat(), str(row.kind)
        lines.append([day, kind, row.amount, interest, charges, moved, standing.balance])
    if standing.lent and (rolled := roll(standing, max(until, standing.day))).balance != standing.balance:
        day, more = until.isoformat(), standing.balance - rolled.balance
        lines.append([day, "CAPITALISATION", 0, 0, 0, more, rolled.balance])
    return lines


def _facts(loan: Loan, user: User) -> dict[str, Any]:
    name = Profile.objects.filter(user=user).values_list("display_name", flat=True).first()
    lenders = Provider.objects.filter(shares__contract=loan.contract_id).order_by("display_name")
    return {
        "number": loan.number,
        "holder": name or user.email,
        "currency": loan.currency_id,
        "amount": loan.amount,
        "opened_on": loan.opened_on.isoformat(),
        "lenders": [[one.display_name, one.licence_number, one.complaints_email] for one in lenders],
    }


def _issue(kind: str, loan: Loan, user: User, facts: dict[str, Any], at: datetime) -> Document:
    told = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    sha256 = hashlib.sha256(told.encode()).hexdigest()
    account = Account.objects.get(pk=wallet.open_wallet(owner_id=user.pk, currency=loan.currency_id))
    subject = uuid5(loan.pk, sha256)
    found = documents.document_of(kind=kind, subject_id=subject, account=account)
    if found is not None:
        return found
    lately = Document.objects.filter(account=account, kind__in=KINDS, issued_at__gt=at - DAY)
    if lately.count() >= MOST_A_DAY:
        raise TooManyLoanPapers
    return documents.issue(
        kind=kind,
        subject_id=subject,
        sha256=sha256,
        at=at,
        account=account,
        facts=facts,
        language=get_language() or "en",
    )


def statement_pdf(document: Document) -> bytes:
    """Return a loan's statement as tagged PDF, the same bytes each time."""
    told = document.facts
    currency, lines = told["currency"], told["lines"]
    paid = [line for line in lines if line[1] in PAYMENTS]
    with override(document.language):
        return papers.draw(
            template="loan",
            document=document,
            facts={
                "title": _("Loan statement"),
                "period": f"{_day(told['opened_on'])} – {_day(told['until'])}",
                "facts": [
                    (_("Borrower"), told["holder"]),
                    (_("Loan"), told["number"]),
                    (_("Lent by"), ", ".join(one[0] for one in told["lenders"])),
                    (_("Due now"), papers.money(told["due"], currency)),
                    (_("Pays it off on the last day"), papers.money(told["owed"], currency)),
                    (_("Issued"), papers.moment(document.issued_at)),
                ],
                "sums": [
                    (_("Lent"), papers.money(told["amount"], currency)),
                    (_("Paid"), papers.money(sum(line[2] for line in paid), currency)),
                    (_("Of it interest"), papers.money(sum(line[3] for line in paid), currency)),
                    (_("Still owed"), papers.money(lines[-1][6] if lines else 0, currency)),
                ],
                "rows": [_row(line, currency) for line in lines],
                "words": {
                    "columns": [
                        _("Date"),
                        _("What happened"),
                        _("Amount"),
                        _("Interest"),
                        _("Charges"),
                        _("Principal"),
                        _("Owed"),
                    ],
                    "nothing": _("Nothing happened."),
                    "note": _(
                        "Principal below zero is what was added to the loan. Payments that were taken back are left "
                        "out. What is owed is principal; interest and charges that are due come to it."
                    ),
                },
            },
        )


def letter_pdf(document: Document) -> bytes:
    """Return the letter that a loan is paid off, as tagged PDF, the same bytes each time."""
    told = document.facts
    currency = told["currency"]
    lenders = ", ".join(f"{name} ({licence})" for name, licence, _mail in told["lenders"])
    with override(document.language):
        text = _(
            "We confirm that loan %(number)s to %(holder)s was paid in full on %(day)s. Nothing is owed on it any "
            "more: no principal, no interest, no fee and no late charge. No more will be asked for."
        ) % {"number": told["number"], "holder": told["holder"], "day": _day(told["closed_on"])}
        more = ""
        if told["replaced_by"]:
            more = _("It was paid off by loan %(number)s.") % {"number": told["replaced_by"]}
        return papers.draw(
            template="letter",
            document=document,
            facts={
                "title": _("Discharge letter"),
                "issued": papers.moment(document.issued_at),
                "paragraphs": [one for one in (text, more) if one],
                "facts": [
                    (_("Borrower"), told["holder"]),
                    (_("Loan"), told["number"]),
                    (_("Lent by, with licence"), lenders),
                    (_("Lent"), papers.money(told["amount"], currency)),
                    (_("Paid out"), _day(told["opened_on"])),
                    (_("Paid back in all"), papers.money(told["paid"], currency)),
                    (_("Paid off"), _day(told["closed_on"])),
                    (_("Questions to the lender"), ", ".join(one[2] for one in told["lenders"])),
                ],
            },
        )


def _row(line: list[Any], currency: str) -> list[str]:
    day, kind, *amounts = line
    figures = [papers.figure(amount, currency) if amount else "" for amount in amounts[:-1]]
    return [_day(day), str(LoanTransaction.Kind(kind).label), *figures, papers.figure(amounts[-1], currency)]


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "j M Y")
