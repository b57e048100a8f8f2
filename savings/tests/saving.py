"""A world to save in: plans, savings and their days, straight in the tables."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.range import Range

from accounts.models import User
from accounts.tests.approving import applied
from core.ids import posting_id, uuid7
from core.rolling import END, FIRST
from savings import interest
from savings.models import Move, PlanRate, PlanTerms, Position, SavingsGroup, SavingsPlan, UserSavings
from wallet import services as wallet

TERM = 0
TEN_DAILY = interest.Terms(bands=(interest.Band(0, Decimal(10)),), paid=interest.Every.DAY, tax=Decimal(10))


def make_plan(code: str = "flexible", kind: str = "FLEXIBLE", **changes: Any) -> SavingsPlan:
    return SavingsPlan.objects.create(
        code=code, kind=kind, currency_id="NGN", name=code, summary="", **changes
    )


def set_terms(plan: SavingsPlan, terms: interest.Terms, *, since: date, **changes: Any) -> PlanTerms:
    """One row of bands, for every term, as two people agreed on it."""
    approval = changes.pop("approval", None) or applied("savings.plan_terms")
    with transaction.atomic():
        row = PlanTerms.objects.create(
            plan=plan,
            from_date=since,
            day_count=terms.day_count,
            method=terms.method,
            capitalised=terms.capitalised,
            paid=terms.paid,
            rounding=terms.rounding,
            tax=terms.tax,
            source="a test",
            approval=approval,
            **changes,
        )
        PlanRate.objects.bulk_create(rates_of(row, terms.bands, terms.method))
    return row


def rates_of(
    terms: PlanTerms, bands: tuple[interest.Band, ...], method: str, term: Range | None = None
) -> list[PlanRate]:
    ceilings = [*(band.floor for band in bands[1:]), None]
    below = Decimal(0)
    rates = []
    for band, ceiling in zip(bands, ceilings, strict=True):
        base = below if method == interest.Method.MARGINAL else band.floor * band.rate
        rates.append(
            PlanRate(
                terms=terms,
                term=term or Range(TERM, None),
                amount=Range(band.floor, ceiling),
                rate=band.rate,
                base=base,
            )
        )
        below += ((ceiling or 0) - band.floor) * band.rate
    return rates


def open_saving(
    owner_id: UUID, plan: SavingsPlan, *, since: date, group: SavingsGroup | None = None, **position: Any
) -> UserSavings:
    """A saving of nothing yet, whose first day is `since`."""
    account = uuid7()
    with connection.cursor() as cursor:
        cursor.execute("select wallet.open_savings(%s, %s, 'NGN')", [account, owner_id])
    saving = UserSavings.objects.create(
        user_id=owner_id,
        plan=plan,
        account_id=account,
        name=plan.name,
        state="ACTIVE",
        opened_on=since,
        group=group,
    )
    Position.objects.create(saving=saving, account_id=account, plan_id=plan.pk, next_day=since, **position)
    return saving


def save(saving: UserSavings, moves: Mapping[date, int]) -> None:
    """Money comes and goes on days, between the saving and the operator's equity."""
    equity = wallet.system_account("EQUITY")
    rows = []
    for day, amount in sorted(moves.items()):
        move = Move(
            posting_id=posting_id(),
            saving=saving,
            kind="CONTRIBUTION" if amount > 0 else "WITHDRAWAL",
            amount=amount,
            value_date=day,
        )
        sides = (equity, saving.account_id) if amount > 0 else (saving.account_id, equity)
        wallet.post(posting_id=move.posting_id, lines=[wallet.Line("SAVING", *sides, abs(amount))])
        rows.append(move)
    Move.objects.bulk_create(rows)


def many(owner: User, number: int, *, since: date, amount: int = 100_000) -> list[UserSavings]:
    """Savings of one plan, in the order of their ids, that are paid a tenth a year each day, taxed."""
    plan = make_plan()
    set_terms(plan, TEN_DAILY, since=since)
    savings = [open_saving(owner.pk, plan, since=since) for _ in range(number)]
    for saving in savings:
        save(saving, {since: amount})
    return sorted(savings, key=lambda saving: saving.pk)


def close(days: Iterable[date]) -> list[tuple[int, Decimal, int, int]]:
    """Close each day for every saving: how many, what they earned, were paid and taxed."""
    done = []
    for day in days:
        with connection.cursor() as cursor:
            cursor.execute("select * from savings.close_day(%s, %s, %s)", [day, FIRST, END])
            done.append(cursor.fetchone()[:4])
    return done
