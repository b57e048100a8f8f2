"""What came into a saving and left it, day by day; and that it adds up to what the ledger holds."""

from datetime import date, datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from savings.models import Accrual, ClosingQuote, Move, Replay, UserSavings
from savings.refusals import DaysInvalid
from savings.services.days import DAY
from savings.services.holding import Held, hold
from savings.services.papers.issuing import holder_of, issue
from wallet.models import Account, Document

LONGEST = 366
# On one day: what is saved comes first, then what ending brings, what leaves, and at the day's end its interest.
ORDER = (
    *(
        "CONTRIBUTION",
        "INTEREST_CORRECTED",
        "TAX_CORRECTED",
        "REVERSAL",
        "INTEREST_AT_END",
        "TAX_AT_END",
        "INTEREST_BACK",
        "TAX_BACK",
    ),
    *("FEE", "PENALTY", "WITHDRAWAL", "ROLLED_OVER", "INTEREST", "TAX"),
)
# A day, what happened, and minor units, below zero for what left.
Line = tuple[date, str, int]


class PaperDoesNotAddUp(DomainError):
    """What is stored of a saving is not what the ledger holds; staff are to look at it."""

    code = "savings_paper_does_not_add_up"
    kind = "unavailable"
    message = _("We are looking into the figures of this saving. Your money is safe; try again later today.")


def issue_statement(*, saving_id: UUID, user: User, since: date, until: date, at: datetime) -> Document:
    """Make a saving's statement of the days from one to another, or return the one that says the same.

    Raises SavingNotFound, DaysInvalid, TooManyPapers, PaperDoesNotAddUp.
    """
    with acting_as_service():
        held = hold(saving_id, user_id=user.pk, at=at)
        saving = held.saving
        _check_days(held, since, until)
        lines = lines_of(saving, until=held.today)
        if sum(amount for _day, _kind, amount in lines) != held.balance:
            raise PaperDoesNotAddUp
        before = sum(amount for day, _kind, amount in lines if day < since)
        within = [line for line in lines if since <= line[0] <= until]
        facts = {
            "saving": str(saving.pk),
            "name": saving.name,
            "plan": saving.plan.name,
            "holder": holder_of(user),
            "currency": saving.plan.currency_id,
            "since": since.isoformat(),
            "until": until.isoformat(),
            "opening": before,
            "at_start": [saving.paid_at_start, saving.tax_at_start]
            if _starts_in(saving, since, until)
            else [],
            "lines": [[day.isoformat(), kind, amount] for day, kind, amount in within],
        }
        account = Account.objects.get(pk=saving.account_id)
        kind = Document.Kind.SAVINGS_STATEMENT
        return issue(kind=kind, about=saving.pk, account=account, user=user, facts=facts, at=at)


def _check_days(held: Held, since: date, until: date) -> None:
    if held.saving.opened_on is None or until > held.today:
        raise DaysInvalid(field="until")
    if since > until or (until - since).days >= LONGEST or until < held.saving.opened_on:
        raise DaysInvalid(field="since")


def _starts_in(saving: UserSavings, since: date, until: date) -> bool:
    return bool(saving.paid_at_start) and saving.opened_on is not None and since <= saving.opened_on <= until


def lines_of(saving: UserSavings, *, until: date) -> list[Line]:
    """Return all that came into a saving and left it, oldest first; what counts from a day to come is among it."""
    moves = (
        Move.objects.filter(saving=saving).values_list("value_date", "kind", "amount", "pk").order_by("pk")
    )
    lines: list[Line] = [(day, kind, amount) for day, kind, amount, _pk in moves]
    if saving.opened_on is not None:
        days = (
            Accrual.objects.of(saving, since=saving.opened_on, before=until + DAY)
            .order_by("pk")
            .filter(paid__gt=0)
        )
        for day, paid, tax in days.values_list("day", "paid", "tax"):
            lines += [(day, "INTEREST", paid), (day, "TAX", -tax)]
    for replay in Replay.objects.filter(saving=saving).exclude(adjusting_id=None):
        on = timezone.localdate(replay.made_at)
        lines += [(on, "INTEREST_CORRECTED", replay.interest), (on, "TAX_CORRECTED", -replay.tax)]
    for quote in ClosingQuote.objects.filter(saving=saving).exclude(used_at=None):
        lines += [
            (quote.day, "INTEREST_AT_END", quote.interest),
            (quote.day, "TAX_AT_END", -quote.tax),
            (quote.day, "INTEREST_BACK", -quote.taken_back),
            (quote.day, "TAX_BACK", quote.tax_back),
        ]
    into = UserSavings.objects.filter(rolled_from=saving).first()
    if into is not None and into.opened_on is not None:
        first = Move.objects.filter(saving=into, kind=Move.Kind.CONTRIBUTION).order_by("pk").first()
        lines.append((into.opened_on, "ROLLED_OVER", -(first.amount if first else 0)))
    return sorted((line for line in lines if line[2]), key=lambda line: (line[0], ORDER.index(line[1])))
