"""Paying the bonuses of referrals, in bulk, each once; and taking them back.

A run has two steps. `accounts.services.referrals.reserve` sets bonuses aside from the programme's budget under its row
lock. `pay_due` then takes a chunk of referrals that nobody else has, and in one transaction posts their bonuses, notes
that they are paid and tells people: a process that dies leaves either all of a chunk or nothing, and any number may run
at once. The posting's id stands in the bonus's row before, so the ledger would refuse a second one too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification, Referral, ReferralBonus
from accounts.models.referrals import Event, Reason
from accounts.services import referrals
from accounts.services.referrals import settling
from core.actors import acting_as_service
from core.ids import posting_id, timestamp_of
from wallet.models import Payment
from wallet.refusals import LedgerRefusal
from wallet.services.accounts import open_wallet, system_account
from wallet.services.posting import Line, Single, post_many, reverse

EXPENSE, KIND = "REFERRAL_BONUSES", "BONUS"
CHUNK = 1_000
RETRY = timedelta(hours=20)
# An id is taken by the ledger for 35 days; before that a bonus that still waits gets another.
ID_LIFE = timedelta(days=30)
# How many that refuse against what was seen are set aside one by one before a chunk is left to the next run.
SURPRISES = 20

# Whoever pays holds these referrals, and passes over those that another holds.
TAKE = """
select r.id, r.qualified_at from accounts_referral r
where r.program_id = %(program)s and r.state = 'QUALIFIED' and r.reserved_at is not null and r.due_at <= %(at)s
    and (r.qualified_at, r.id) > (%(after_at)s, %(after)s)
order by r.qualified_at, r.id limit %(limit)s for update skip locked
"""
# What each is due, to which account, and why that cannot take it. What is in front of it in the same chunk counts.
SEE = """
select b.id, b.referral_id, b.beneficiary_id, b.amount, b.currency, b.posting_id, a.id,
    case
        when c.status = 'CLOSED' or a.state = 'CLOSED' then 'closed'
        when a.id is null then 'no_account'
        when a.state = 'FROZEN' then 'account_frozen'
        when a.state = 'NO_CREDIT' then 'account_no_credit'
        when a.balance + sum(b.amount) over (partition by a.id order by b.id) > a.cap then 'balance_cap_exceeded'
        else ''
    end
from accounts_referralbonus b
left join accounts_customer c on c.user_id = b.beneficiary_id
left join wallet_account a
    on a.owner_id = b.beneficiary_id and a.kind = 'WALLET' and a.currency_id = b.currency
where b.referral_id = any (%s::uuid[]) and b.state = 'DUE'
order by b.id
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A bonus to be paid: `hindrance` says why its account cannot take it, empty where it can."""

    id: UUID
    referral_id: UUID
    beneficiary_id: UUID
    amount: int
    currency: str
    posting_id: UUID
    account_id: UUID | None
    hindrance: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far a run has come in one programme: a later chunk begins behind it."""

    qualified_at: datetime
    referral_id: UUID


def deposited(payment: Payment, *, at: datetime) -> None:
    """Tell referrals of a deposit that was credited, in its own transaction: one look at an index for most people."""
    if payment.account.owner_id:
        referrals.qualify(
            user_id=payment.account.owner_id,
            event=Event.FIRST_DEPOSIT,
            amount=payment.amount,
            currency=payment.currency_id,
            reference=payment.posting_id,
            at=at,
        )


def programs_with_due(*, at: datetime) -> list[UUID]:
    """Return the programmes that have something to pay now."""
    with acting_as_service():
        due = Referral.objects.filter(state=Referral.State.QUALIFIED, due_at__lte=at)
        return list(
            due.exclude(reserved_at=None).order_by("program").values_list("program", flat=True).distinct()
        )


def pay_due(
    *, program_id: UUID, at: datetime, after: Place | None = None, limit: int = CHUNK
) -> tuple[int, Place | None]:
    """Pay one chunk; return how many bonuses that were, and where the next begins: None when nothing was left to take."""
    with acting_as_service(), transaction.atomic():
        taken = _take(program_id, at, after, limit)
        if not taken:
            return 0, None
        due = _see([referral for referral, _at in taken])
        ready, held_up = _posted([each for each in due if not each.hindrance])
        held_up += [(each, each.hindrance) for each in due if each.hindrance]
        closed = [each for each, hindrance in held_up if hindrance == "closed"]
        waiting = [(each, hindrance) for each, hindrance in held_up if hindrance != "closed"]
        _refuse_closed(closed, at)
        _wait(waiting, at)
        _paid(taken, ready, closed, waiting, at)
        last, last_at = taken[-1]
    return len(ready), Place(last_at, last)


def _take(program_id: UUID, at: datetime, after: Place | None, limit: int) -> list[tuple[UUID, datetime]]:
    facts = {
        "program": program_id,
        "at": at,
        "after_at": after.qualified_at if after else datetime.min,
        "after": after.referral_id if after else UUID(int=0),
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, facts)
        return list(cursor.fetchall())


def _see(referral_ids: Sequence[UUID]) -> list[Due]:
    with connection.cursor() as cursor:
        cursor.execute(SEE, [list(referral_ids)])
        found = [Due(*row) for row in cursor.fetchall()]
    missing = [each for each in found if each.hindrance == "no_account"]
    if not missing:
        return found
    for each in missing:
        open_wallet(owner_id=each.beneficiary_id, currency=each.currency)
    return _see(referral_ids)


def _posted(due: list[Due]) -> tuple[list[Due], list[tuple[Due, str]]]:
    """Post them all; those that the ledger refuses after all are left out, with why. Returns both."""
    held_up: list[tuple[Due, str]] = []
    while due:
        try:
            expense = system_account(EXPENSE, due[0].currency)
            post_many(
                postings=[
                    Single(each.posting_id, Line(KIND, expense, each.account_id, each.amount))  # type: ignore[arg-type]
                    for each in due
                ]
            )
        except LedgerRefusal as refusal:
            if len(held_up) == SURPRISES or "index" not in refusal.data:
                raise
            at_fault = due.pop(refusal.data["index"])
            held_up.append((at_fault, refusal.code))
        else:
            break
    return due, held_up


def _refuse_closed(closed: list[Due], at: datetime) -> None:
    for referral in Referral.objects.filter(pk__in={each.referral_id for each in closed}).order_by("pk"):
        mine = [each.id for each in closed if each.referral_id == referral.pk]
        settling.give_up(referral=referral, reason=Reason.ACCOUNT_CLOSED, at=at, only=mine)


def _wait(waiting: list[tuple[Due, str]], at: datetime) -> None:
    if waiting:
        settling.put_off(
            bonuses=[(each.id, hindrance, _lasting(each.posting_id, at)) for each, hindrance in waiting],
            referrals=[each.referral_id for each, _hindrance in waiting],
            until=at + RETRY,
        )


def _lasting(identifier: UUID, at: datetime) -> UUID:
    """The same id, or a new one before the ledger no longer takes it: nothing was posted by it."""
    return identifier if at - timestamp_of(identifier) < ID_LIFE else posting_id()


def _paid(
    taken: list[tuple[UUID, datetime]],
    ready: list[Due],
    closed: list[Due],
    waiting: list[tuple[Due, str]],
    at: datetime,
) -> None:
    settled = {referral for referral, _at in taken} - {each.referral_id for each, _why in waiting}
    settled -= settling.refuse_unpaid(referrals={each.referral_id for each in closed} & settled, at=at)
    settling.mark_paid(bonuses=[each.id for each in ready], referrals=list(settled), at=at)
    audit.record(
        action="wallet.referral_bonuses.paid",
        bonuses=len(ready),
        amount=sum(each.amount for each in ready),
        closed=len(closed),
        waiting=Counter(why for _each, why in waiting),
    )
    settling.tell_paid(bonuses=[each.id for each in ready], at=at)


def posting_reversed(*, reference: UUID, at: datetime) -> None:
    """Take back what was given for a posting that was reversed, now or as soon as it is there."""
    for bonus_id in referrals.claw_back(reference=reference, at=at):
        take_back(bonus_id=bonus_id, at=at)


def take_back(*, bonus_id: UUID, at: datetime) -> bool:
    """Take one bonus back, whole and once; False while its account does not hold so much: it never falls below."""
    with acting_as_service():
        bonus = ReferralBonus.objects.select_for_update().get(pk=bonus_id)
        if bonus.state != ReferralBonus.State.CLAWBACK_DUE or bonus.clawback_id is None:
            return False
        if at - timestamp_of(bonus.clawback_id) >= ID_LIFE:
            bonus.clawback_id = posting_id()
        try:
            reverse(posting_id=bonus.clawback_id, reverses=bonus.posting_id, description="")
        except LedgerRefusal as refusal:
            bonus.waits_for = refusal.code
            bonus.save(update_fields=["waits_for", "clawback_id"])
            return False
        bonus.state, bonus.waits_for = ReferralBonus.State.CLAWED_BACK, ""
        bonus.settled_at = at
        bonus.save(update_fields=["state", "waits_for", "clawback_id", "settled_at"])
        audit.record(action="wallet.referral_bonus.taken_back", target=bonus, amount=bonus.amount)
        facts = {"amount": bonus.amount, "currency": bonus.currency}
        notice = Notification(user_id=bonus.beneficiary_id, event="referral.taken_back", data=facts)
        accounts.notify(notices=[notice])
    return True


def owed_back() -> list[UUID]:
    """Return the bonuses that are still to be taken back."""
    with acting_as_service():
        owed = ReferralBonus.objects.filter(state=ReferralBonus.State.CLAWBACK_DUE)
        return list(owed.order_by("pk").values_list("pk", flat=True))


# Reversals that nobody told referrals of, whoever made them.
UNTOLD = """
select v.posting_id from wallet_reversal v
join accounts_referral r on r.reference = v.posting_id and r.state in ('QUALIFIED', 'PAID')
join accounts_referralprogram p on p.id = r.program_id
where r.qualified_at + make_interval(days => p.clawback_days) >= %s
"""


def untold_reversals(*, at: datetime) -> list[UUID]:
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(UNTOLD, [at])
        return [posting for (posting,) in cursor.fetchall()]
