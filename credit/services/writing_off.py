"""A loan that is not paid for too long: charged off, written off, and a write-off undone. Amounts are minor units.

From the day on which it is charged off, or written off at once, nothing is earned and nothing charged any more: what is
owed stays what it was, less what is recovered. The caller holds the loan; two people stand behind each (`approved/`).
"""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.ids import posting_id
from credit.allocation import Paid
from credit.models import Loan, LoanStanding, LoanTransaction, Payout
from credit.notices import hardship as notices
from credit.replay import Repay, quote
from credit.schedule import roll
from credit.services.agreements import release_undrawn
from credit.services.folding import Kind, fold, kept, write
from credit.services.holding import Held
from credit.services.noting import Part, enter, note, try_event
from credit.services.settling import found_to_hold, settle
from credit.services.sharing import divided, shares_of
from credit.services.steps import step
from credit.standing import Standing
from credit.states import Actor, Event, Guard, State
from wallet import services as wallet
from wallet.services import Line

# Days that an instalment is late, without those of a pause, before a loan may be given up.
CHARGE_OFF_AFTER, WRITE_OFF_AFTER = 90, 180


class TooSoon(DomainError):
    """`data` has the days that it is late and the days that it takes."""

    code = "loan_not_late_enough"
    kind = "conflict"
    message = _("It is not late for long enough.")
    public = ("late", "least")


@dataclass(frozen=True)
class Owed:
    """What was owed of a loan when it was given up and was not recovered since; minor units."""

    principal: int
    interest: int
    fees: int
    penalties: int

    @property
    def charges(self) -> int:
        return self.fees + self.penalties

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fees + self.penalties


def charge_off(held: Held, *, reason: str) -> LoanTransaction:
    """Stop counting on the money: nothing is earned from today on. Raises StateRefused, TooSoon."""
    return _give_up(held, Event.CHARGE_OFF, kind=Kind.CHARGE_OFF, least=CHARGE_OFF_AFTER, reason=reason)


def write_off(held: Held, *, reason: str) -> LoanTransaction:
    """Give the claim up in the books; the borrower still owes it. Raises StateRefused, TooSoon."""
    return _give_up(held, Event.WRITE_OFF, kind=Kind.WRITE_OFF, least=WRITE_OFF_AFTER, reason=reason)


def undo_write_off(held: Held, *, reason: str) -> LoanTransaction:
    """Let a loan go on as if it had never been given up; what was recovered since is a payment of today.

    Only in the month in which it was written off. Raises StateRefused, GuardUnmet, NotPossible.
    """
    last = LoanTransaction.objects.filter(loan=held.loan, kind=Kind.WRITE_OFF).order_by("-number").first()
    is_same = last is not None and last.on.replace(day=1) == held.today.replace(day=1)
    step(
        held.application,
        Event.UNDO_WRITE_OFF,
        who=Actor.CHECKER,
        at=held.at,
        holding=[Guard.SAME_PERIOD] if is_same else [],
        reason=reason,
    )
    folded = fold(held.loan, on=held.today)
    held.standing = folded.standing
    held.position.recovered, recovered = 0, held.position.recovered
    held.position.next_day = held.today
    held.position.save(update_fields=["recovered", "next_day"])
    write(held.position, held.record, held.loan, held.standing, charged=folded.charged)
    row = _count_as_paid(held, recovered, reason) if recovered else _undone(held, reason)
    notices.taken_up(held.loan)
    return row


def owed_of(held: Held) -> Owed:
    """What is still owed of a loan that was given up; of any other, what pays it off today."""
    given_up = held.application.state in (State.CHARGED_OFF, State.WRITTEN_OFF)
    if given_up:
        return _left(held.standing, held.loan)
    now = quote(held.standing, held.today)
    return Owed(now.principal, now.interest, now.fees, now.penalties)


def owed_in_books(loan: Loan) -> Owed:
    """What is still owed of a loan that was given up, for whoever only looks."""
    return _left(kept(LoanStanding.objects.get(pk=loan.pk), loan), loan)


def _left(standing: Standing, loan: Loan) -> Owed:
    """It stopped on the standing's day."""
    all_of_it, back = quote(standing, standing.day), recovered_since(loan)
    return Owed(
        all_of_it.principal - back.principal,
        all_of_it.interest - back.interest,
        all_of_it.fees - back.fees,
        all_of_it.penalties - back.penalties,
    )


def days_late(held: Held) -> int:
    """How long it is late: by the close of the last day, and, once charged off, the days since then."""
    days = held.position.overdue_days
    if held.application.state != State.CHARGED_OFF:
        return days
    rows = LoanTransaction.objects.filter(loan=held.loan, kind=Kind.CHARGE_OFF)
    last = rows.order_by("-number").values_list("on", flat=True)[0]
    return days + (held.today - last).days


def recovered_since(loan: Loan) -> Paid:
    """What was recovered of a loan since it was given up."""
    rows = _recoveries(loan)
    names = ("principal", "interest", "fees", "penalties")
    return Paid(**{name: sum(getattr(row, name) for row in rows) for name in names})


def _recoveries(loan: Loan) -> list[LoanTransaction]:
    rows = LoanTransaction.objects.filter(loan=loan)
    undone = rows.filter(kind=Kind.WRITE_OFF_UNDONE).order_by("-number").first()
    return list(rows.filter(kind=Kind.RECOVERY, number__gt=undone.number if undone else 0))


def _give_up(held: Held, event: Event, *, kind: str, least: int, reason: str) -> LoanTransaction:
    """The step comes first: where the state does not allow it, that is the reason to give."""
    is_first = held.application.state == State.ACTIVE
    late = days_late(held)
    is_late = late >= least
    guards = [Guard.APPROVED, Guard.POLICY_DAYS_PASSED] if is_late else [Guard.APPROVED]
    if not is_late and held.application.state in (State.ACTIVE, State.CHARGED_OFF):
        raise TooSoon(late=late, least=least)
    owed = owed_of(held)
    step(held.application, event, who=Actor.OFFICER, at=held.at, holding=guards, reason=reason)
    if is_first:
        _stop(held)
    row = note(
        held,
        kind=kind,
        amount=owed.total,
        reason=reason,
        data={
            "principal": owed.principal,
            "interest": owed.interest,
            "fees": owed.fees,
            "penalties": owed.penalties,
            "late": late,
        },
    )
    notices.given_up(held.loan)
    return row


def _stop(held: Held) -> None:
    """What is owed is worked out for today; no day is closed after this, and nothing more is paid out."""
    release_undrawn(held.loan.contract, at=held.at)
    before = held.standing
    held.standing = roll(before, held.today)
    newly = [row for row in held.standing.rows if row.number >= before.number]
    charged = held.position.charged + sum(row.charged for row in newly)
    write(held.position, held.record, held.loan, held.standing, charged=charged)
    held.position.next_day = None
    held.position.save(update_fields=["next_day"])


def _undone(held: Held, reason: str) -> LoanTransaction:
    return note(held, kind=Kind.WRITE_OFF_UNDONE, reason=reason)


def _count_as_paid(held: Held, recovered: int, reason: str) -> LoanTransaction:
    """What was recovered becomes a payment: the lenders have it already, and it is theirs by other names now."""
    loan, waiting = held.loan, wallet.system_account("LOAN_OVERPAYMENTS", held.loan.currency_id)
    back, again = posting_id(), posting_id()
    parts, got = _recovered_parts(held, back)
    undone = note(
        held, kind=Kind.WRITE_OFF_UNDONE, amount=recovered, posting_id=back, parts=parts, reason=reason
    )
    event = Repay(held.today, recovered)
    paid = try_event(held, event) or Paid()
    parts, lines = divided(loan, paid, balance=held.standing.balance, posting_id=again, source=waiting)
    enter(held, event, kind=Kind.REPAYMENT, amount=recovered, posting_id=again, parts=parts, reason=reason)
    # First what they get, so that nobody has to have it twice.
    own = [line for line in lines if line.credit != waiting]
    if own:
        wallet.post(posting_id=again, lines=own, description=loan.number)
    lenders = {share.pk: share.provider.account_id for share in shares_of(loan)}
    taken = [Line("LOAN_RECOVERY", lenders[key], waiting, amount) for key, amount in got.items() if amount]
    wallet.post(posting_id=back, lines=taken, description=loan.number)
    guard, _faults = found_to_hold(held)
    if guard != Guard.STILL_OWED:
        settle(held, who=Actor.SYSTEM)
    return undone


def _recovered_parts(held: Held, posting: UUID) -> tuple[list[Part], dict[UUID, int]]:
    shares = {share.pk: share for share in shares_of(held.loan)}
    sums = {key: [0, 0, 0] for key in shares}
    for part in Payout.objects.filter(transaction__in=_recoveries(held.loan)):
        one = sums[part.share_id]
        one[0], one[1], one[2] = one[0] + part.principal, one[1] + part.interest, one[2] + part.charges
    parts = [
        Part(shares[key], posting, -principal, -interest, -charges)
        for key, (principal, interest, charges) in sums.items()
    ]
    return parts, {key: sum(amounts) for key, amounts in sums.items()}
