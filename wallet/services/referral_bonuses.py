"""Paying the bonuses of referrals, in bulk, each once; and taking them back.

A run has two steps. `accounts.services.referrals.reserve` sets bonuses aside from the programme's budget under its row
lock. `pay_due` then takes a chunk of referrals that nobody else has, and in one transaction posts their bonuses and
notes that they are paid: a process that dies leaves either all of a chunk or nothing, and any number may run at once.
The posting's id stands in the bonus's row before, so the ledger would refuse a second one too. People are told as they
are of transfers: by `announce`, which follows the books.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification, ReferralBonus, ReferralProgram
from accounts.models.referrals import Event
from accounts.services import referrals
from accounts.services.referrals import due, settling
from core.actors import acting_as_service
from core.ids import posting_id, timestamp_of
from wallet.models import Payment
from wallet.refusals import LedgerRefusal
from wallet.services.accounts import open_wallet, system_account
from wallet.services.posting import reverse
from wallet.services.posting import run as run_statement

EXPENSE, KIND = "REFERRAL_BONUSES", "BONUS"
CHUNK = 5_000
RETRY = timedelta(hours=20)
# An id is taken by the ledger for 35 days; before that a bonus that still waits gets another.
ID_LIFE = timedelta(days=30)
# How many that refuse against what was seen are set aside one by one before a chunk is left to the next run.
SURPRISES = 20

# Whoever pays holds these referrals, and passes over those that another holds.
TAKE = """
select referral_id, qualified_at from accounts_referraldue
where program_id = %(program)s and reserved_at is not null and due_at <= %(at)s
    and (qualified_at, referral_id) > (%(after_at)s::timestamptz, %(after)s::uuid)
order by qualified_at, referral_id limit %(limit)s for update skip locked
"""
# What each is due, to which account, and why that cannot take it; what is in front of it in the same chunk counts.
SEE = """
with seen as materialized (
    select b.id, b.referral_id, b.beneficiary_id, b.amount, b.currency, b.posting_id, a.id as account,
        case
            when a.id is null then case
                when (select c.status from accounts_customer c where c.user_id = b.beneficiary_id) = 'CLOSED'
                then 'closed' else 'no_account' end
            when a.state = 'CLOSED' or a.owner_state = 'CLOSED' then 'closed'
            when a.state = 'FROZEN' then 'account_frozen'
            when a.state = 'NO_CREDIT' then 'account_no_credit'
            when a.owner_state = 'FROZEN' then 'customer_frozen'
            when a.owner_state = 'NO_CREDIT' then 'customer_no_credit'
            when a.balance + sum(b.amount) over (partition by a.id order by b.id) > a.cap then 'balance_cap_exceeded'
            else coalesce(w.code, '')
        end as hindrance
    from accounts_referralbonus b
    left join wallet_account a
        on a.owner_id = b.beneficiary_id and a.kind = 'WALLET' and a.currency_id = b.currency
    left join unnest(%s::uuid[], %s::text[]) w (posting, code) on w.posting = b.posting_id
    where b.referral_id = any (%s::uuid[]) and b.state = 'DUE'
)
"""
# From row to row of the database: nothing of it comes here and goes back. In one statement with what is held up, so
# that each bonus is posted or held up, and none is neither.
POST = """, posted as materialized (
    select wallet.post_many(
        array_agg(posting_id order by id), array_agg(%s::text order by id), array_agg(%s::uuid order by id),
        array_agg(account order by id), array_agg(amount order by id), array_agg(''::text order by id)) as many
    from seen where hindrance = '' having count(*) > 0
)
select (select many from posted), count(*) filter (where hindrance = ''),
    coalesce(jsonb_agg(to_jsonb(s)) filter (where hindrance <> ''), '[]')::text
from seen s
"""


class NoAccount(Exception):
    """Some have no account of the currency yet."""

    def __init__(self, owners: set[UUID]) -> None:
        super().__init__()
        self.owners = sorted(owners)


@dataclass(frozen=True, slots=True)
class HeldUp:
    """A bonus that its account cannot take now, and why."""

    id: UUID
    referral_id: UUID
    beneficiary_id: UUID
    posting_id: UUID
    hindrance: str

    @classmethod
    def read(cls, row: dict[str, Any]) -> "HeldUp":
        return cls(
            UUID(row["id"]),
            UUID(row["referral_id"]),
            UUID(row["beneficiary_id"]),
            UUID(row["posting_id"]),
            row["hindrance"],
        )


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


def run(*, clock: Callable[[], datetime], until: Callable[[], bool]) -> int:
    """Set aside and pay in turns what is due, until nothing is left or `until` says so; return how many bonuses.

    Any number of processes may run at once: while one sets aside, the others pay.
    """
    paid, places = 0, dict[UUID, Place | None]()
    while not until():
        found = referrals.reserve(at=clock())
        many = sum(_pay_one_each(places, clock()))
        paid += many
        if not found and not many:
            break
    return paid


def _pay_one_each(places: dict[UUID, Place | None], at: datetime) -> Iterator[int]:
    """Pay the next chunk of each programme, from where this run came to in it."""
    with acting_as_service():
        programs = due.programs_of(reserved=True, at=at)
    for program_id in programs:
        many, place = pay_due(program_id=program_id, at=at, after=places.get(program_id))
        places[program_id] = place
        yield many


def pay_due(
    *, program_id: UUID, at: datetime, after: Place | None = None, limit: int | None = None
) -> tuple[int, Place | None]:
    """Pay one chunk; return how many bonuses that were, and where the next begins: None when nothing was left."""
    with acting_as_service(), transaction.atomic():
        taken = _take(program_id, at, after, limit or CHUNK)
        if not taken:
            return 0, None
        referral_ids = [referral for referral, _at in taken]
        ready, held_up = _post(program_id, referral_ids)
        many = _settle(referral_ids, held_up, at)
        if many != ready:
            raise RuntimeError(f"{ready} bonuses were posted and {many} noted as paid")
        last, last_at = taken[-1]
    return many, Place(last_at, last)


def _take(program_id: UUID, at: datetime, after: Place | None, limit: int) -> list[tuple[UUID, datetime]]:
    facts: dict[str, Any] = {
        "program": program_id,
        "at": at,
        "after_at": after.qualified_at if after else "-infinity",
        "after": after.referral_id if after else UUID(int=0),
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(due.BY_INDEX)
        cursor.execute(TAKE, facts)
        return list(cursor.fetchall())


def _post(program_id: UUID, referral_ids: list[UUID]) -> tuple[int, list[HeldUp]]:
    """Post what is due of these referrals to whoever can take it; return how many, and what is held up.

    What the ledger refuses though it was not seen is left out, and the rest tried again; so it is after somebody was
    given their first account.
    """
    currency = ReferralProgram.objects.values_list("currency", flat=True).get(pk=program_id)
    expense = system_account(EXPENSE, currency)
    refused: dict[UUID, str] = {}
    while True:
        facts = [list(refused), list(refused.values()), referral_ids, KIND, expense]
        try:
            with transaction.atomic():
                return _posted(facts)
        except NoAccount as missing:
            for owner in missing.owners:
                open_wallet(owner_id=owner, currency=currency)
        except LedgerRefusal as refusal:
            if len(refused) == SURPRISES or "posting" not in refusal.data:
                raise
            refused[UUID(refusal.data["posting"])] = refusal.code


def _posted(facts: list[Any]) -> tuple[int, list[HeldUp]]:
    """Raises NoAccount, which undoes it: a second look would count what was posted twice."""
    _new, ready, found = run_statement(SEE + POST, facts)[0]
    held_up = [HeldUp.read(each) for each in json.loads(found)]
    owners = {each.beneficiary_id for each in held_up if each.hindrance == "no_account"}
    if owners:
        raise NoAccount(owners)
    return ready, held_up


def _settle(referral_ids: list[UUID], held_up: list[HeldUp], at: datetime) -> int:
    """Write down what became of a chunk; return how many bonuses were paid."""
    closed = [each for each in held_up if each.hindrance == "closed"]
    waiting = [each for each in held_up if each.hindrance != "closed"]
    open_ones = {each.referral_id for each in waiting}
    if closed:
        open_ones |= settling.refuse_closed(
            bonuses=[each.id for each in closed], referrals=[each.referral_id for each in closed], at=at
        )
    many, much = settling.mark_paid(
        referrals=referral_ids,
        done=[referral for referral in referral_ids if referral not in open_ones],
        but=[each.id for each in held_up],
        at=at,
    )
    if waiting:
        settling.put_off(
            bonuses=[(each.id, each.hindrance, _lasting(each.posting_id, at)) for each in waiting],
            referrals=[each.referral_id for each in waiting],
            until=at + RETRY,
        )
    audit.record(
        action="wallet.referral_bonuses.paid",
        bonuses=many,
        amount=much,
        held_up=Counter(each.hindrance for each in held_up),
    )
    return many


def _lasting(identifier: UUID, at: datetime) -> UUID:
    """The same id, or a new one before the ledger no longer takes it: nothing was posted by it."""
    return identifier if at - timestamp_of(identifier) < ID_LIFE else posting_id()


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
