"""How a scorecard does: who is scored by it, what became of those it passed, and where officers decided otherwise.

Reads only, each in one statement however many decisions there are. An application counts once, by its newest decision.
Probabilities lie between 0 and 1. Needs the service.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from credit.models import ScorecardVersion
from credit.stability import Shift, is_off, shift_of, stability_index

# The first so many decisions of a card are what later ones are compared with.
REFERENCE = 1_000
DECILES = 10


@dataclass(frozen=True)
class Stability:
    """One fact, or the score itself (`name` empty), of one month against the reference."""

    name: str
    label: str
    month: date
    many: int
    index: Decimal | None
    shift: Shift


@dataclass(frozen=True)
class Population:
    """`reference` is how many the reference is of; `edges` are the scores at which its tenths part."""

    reference: int
    edges: tuple[int, ...]
    score: list[Stability]
    facts: list[Stability]


@dataclass(frozen=True)
class Lived:
    """Loans of one decile: how many, the bads to expect of them, and how many turned bad."""

    loans: int
    expected: Decimal
    variance: Decimal
    bads: int

    @property
    def mean(self) -> Decimal | None:
        return self.expected / self.loans if self.loans else None

    @property
    def rate(self) -> Decimal | None:
        return Decimal(self.bads) / self.loans if self.loans else None

    @property
    def is_off(self) -> bool:
        return is_off(self.bads, expected=self.expected, variance=self.variance)


@dataclass(frozen=True)
class Decile:
    """A tenth of the loans by their probability of default, the safest first: those that have had their twelve months,
    and all, as far as each has lived."""

    number: int
    lowest: int
    highest: int
    full: Lived
    so_far: Lived


@dataclass(frozen=True)
class Override:
    """An officer's decision against the card's, and what became of it. `late_on` is when its loan turned bad."""

    case_id: UUID
    application_id: UUID
    decided_at: datetime
    decision: str
    reason_code: str
    note: str
    decided_by_id: UUID
    recommended_by_id: UUID | None
    score: int
    cut_off: int
    state: str
    bad_on: date | None


@dataclass(frozen=True)
class Decided:
    """What officers decided in a month of what the card would not pass, and how many of it against the card."""

    month: date
    decided: int
    overrides: int


def population(card: ScorecardVersion, *, since: date) -> Population:
    """Compare the months from `since` on with the reference: by tenths of its scores, and by the bins of each fact."""
    scores = _rows(_SCORES, _of(card, since=since))
    edges = tuple(scores[0]["edges"]) if scores else ()
    by_score = _counts(("", row["month"], row["bin"], row["many"]) for row in scores)
    hits = _counts(
        (row["name"], row["month"], row["bin"], row["many"]) for row in _rows(_HITS, _of(card, since=since))
    )
    facts = [
        one
        for factor in card.card["characteristics"]
        for one in _compared(
            factor["name"],
            factor["label"],
            [each["code"] for each in factor["bins"]],
            hits.get(factor["name"], {}),
        )
    ]
    found = by_score.get("", {})
    return Population(
        sum(found.get(None, {}).values()),
        edges,
        _compared("", "", list(range(len(edges) + 1)), found),
        facts,
    )


Counts = dict[date | None, dict[Any, int]]  # by month (None is the reference), then bin


def _counts(rows: Any) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    for name, month, code, many in rows:
        found.setdefault(name, {}).setdefault(month, {})[code] = many
    return found


def _compared(name: str, label: str, bins: Sequence[Any], counts: Counts) -> list[Stability]:
    reference = [counts.get(None, {}).get(code, 0) for code in bins]
    told = []
    for month in sorted(month for month in counts if month is not None):
        now = [counts[month].get(code, 0) for code in bins]
        index = stability_index(reference, now)
        shift = shift_of(index, reference=sum(reference), now=sum(now))
        told.append(Stability(name, label, month, sum(now), index, shift))
    return told


_PLACED = """
with decided as (
    select distinct on (application_id) id, score, made_at, record from credit_creditscore
    where card_id = %(card)s order by application_id, id desc
), placed as (
    select score, record, case when row_number() over (order by id) > %(first)s
        then date_trunc('month', made_at at time zone %(zone)s)::date end as month
    from decided
)
"""
_SCORES = (
    _PLACED
    + """
, edges as (
    select array(select distinct unnest(percentile_disc(array[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
        within group (order by score)) from placed where month is null order by 1) as edges
)
select month, edges, width_bucket(score, edges) as bin, count(*) as many
from placed, edges where month is null or month >= %(since)s group by 1, 2, 3
"""
)
_HITS = (
    _PLACED
    + """
select month, hit->>'name' as name, hit->>'bin' as bin, count(*) as many
from placed, jsonb_array_elements(record::jsonb->'hits') as hit
where month is null or month >= %(since)s group by 1, 2, 3
"""
)


def calibration(card: ScorecardVersion, *, last: date) -> list[Decile]:
    """Compare the probabilities of the loans that a card passed, or an officer in its place, with what became of them.

    Bad is a loan that was ever more than 90 days late, or was given up, within 12 months of its payout. `last` is the
    last closed day. A loan that was given back at once is in none.
    """
    rows = _rows(_CALIBRATION, _of(card, last=last))
    return [
        Decile(
            row["decile"],
            row["lowest"],
            row["highest"],
            Lived(row["full_loans"], row["full_pd"], row["full_variance"], row["full_bads"]),
            Lived(row["loans"], row["pd"], row["variance"], row["bads"]),
        )
        for row in rows
    ]


# When a loan turned bad: the close of a day says so, or staff gave it up.
_BAD = """
bad as (
    select loan_id, min(day) as day from (
        select loan_id, day from credit_bucketchange where now = 'DAYS_OVER_90'
        union all
        select loan_id, "on" from credit_loantransaction where kind in ('CHARGE_OFF', 'WRITE_OFF')
    ) each group by loan_id
)
"""
_CALIBRATION = f"""
with {_BAD}, scored as (
    select distinct on (application_id) application_id, card_id, score, pd
    from credit_creditscore order by application_id, id desc
), lent as (
    select s.score, s.pd, ntile({DECILES}) over (order by s.pd, l.application_id) as decile,
        l.opened_on + interval '12 months' <= %(last)s as is_full,
        bad.day is not null and bad.day <= l.opened_on + interval '12 months' as is_bad
    from scored s join credit_loan l using (application_id)
    join credit_application a on a.id = l.application_id and a.state not in ('CANCELLED', 'SIGNED')
    left join bad on bad.loan_id = l.application_id
    where s.card_id = %(card)s
)
select decile, min(score) as lowest, max(score) as highest,
    count(*) as loans, sum(pd) as pd, sum(pd * (1 - pd)) as variance, count(*) filter (where is_bad) as bads,
    count(*) filter (where is_full) as full_loans, coalesce(sum(pd) filter (where is_full), 0) as full_pd,
    coalesce(sum(pd * (1 - pd)) filter (where is_full), 0) as full_variance,
    count(*) filter (where is_full and is_bad) as full_bads
from lent group by decile order by decile
"""


def overrides(card: ScorecardVersion, *, since: date, limit: int | None = None) -> list[Override]:
    """Return decisions against the card's, the newest first: listed though it declined, declined though it passed."""
    rows = _rows(_OVERRIDES, _of(card, since=since, limit=limit))
    return [Override(**row) for row in rows]


def decided_by_month(card: ScorecardVersion, *, since: date) -> list[Decided]:
    """Return how much of what officers listed or declined was against the card, month by month."""
    return [Decided(**row) for row in _rows(_BY_MONTH, _of(card, since=since))]


_AGAINST = """(c.decision in ('LIST', 'UPHOLD')) = (s.outcome = 'DECLINED')"""
_DECIDED = """
from credit_case c join lateral (
    select card_id, score, cut_off, outcome from credit_creditscore
    where application_id = c.application_id and made_at <= c.decided_at order by id desc limit 1
) s on s.card_id = %(card)s
where c.decision in ('LIST', 'UPHOLD', 'DECLINE') and c.decided_by_id is not null
    and c.decided_at >= (%(since)s::timestamp at time zone %(zone)s)
"""
_BY_MONTH = f"""
select date_trunc('month', c.decided_at at time zone %(zone)s)::date as month, count(*) as decided,
    count(*) filter (where {_AGAINST}) as overrides
{_DECIDED} group by 1 order by 1 desc
"""
_OVERRIDES = f"""
with against as (
    select c.id, c.application_id, c.decided_at, c.decision, c.reason_code, c.note, c.decided_by_id,
        c.recommended_by_id, s.score, s.cut_off
    {_DECIDED} and {_AGAINST} order by c.decided_at desc, c.id desc limit %(limit)s
), {_BAD.replace("each group by", "each where loan_id in (select application_id from against) group by")}
select c.id as case_id, c.application_id, c.decided_at, c.decision, c.reason_code, c.note,
    c.decided_by_id, c.recommended_by_id, c.score, c.cut_off, a.state, bad.day as bad_on
from against c join credit_application a on a.id = c.application_id
left join bad on bad.loan_id = c.application_id
order by c.decided_at desc, c.id desc
"""


def _of(card: ScorecardVersion, **facts: Any) -> dict[str, Any]:
    return {"card": card.pk, "first": REFERENCE, "zone": settings.TIME_ZONE, **facts}


def _rows(statement: str, facts: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
