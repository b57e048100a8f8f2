"""Screening against sanctions lists: who is found, what is kept of it, and what staff decide."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.kyc import names
from accounts.kyc import screening as rule
from accounts.kyc.verification import Declared, Finding, Hit, Outcome, undecided
from accounts.models import Customer, CustomerStatusChange, KycCheck, SanctionsList, ScreeningHit, User
from accounts.services import status_rules
from accounts.services.status import OwnAccount
from core.actors import acting_as_service
from core.errors import DomainError

STATE = ScreeningHit.State
SOURCE = "lists"
_MOST = 500  # entries that are compared for one question; the likest first
# Two words must share so many of their trigrams that one letter may be wrong in each.
CLOSE = "0.5"

CANDIDATES = """
select distinct on (e.id) e.id, l.name, e.external_id, e.name, e.aliases, e.born, e.country, e.programme, e.content
from unnest(%s::text[]) as q(words)
cross join lateral (
    select * from accounts_sanctionsentry e where e.searched %%> q.words
    order by word_similarity(q.words, e.searched) desc, e.id limit %s
) e
join accounts_sanctionslist l on l.id = e.load_id and l.active
order by e.id
"""


class AlreadyDecided(DomainError):
    code = "screening_already_decided"
    kind = "conflict"
    message = _("Somebody has decided on this hit already.")


class Lists:
    """The screening that we make ourselves, against the lists that `load_sanctions` loaded."""

    def screen(self, declared: Declared) -> Finding:
        with acting_as_service():
            if not SanctionsList.objects.filter(active=True).exists():
                return undecided(SOURCE, "no_list")
            found = search(name=declared.name, born=declared.date_of_birth)
        best = max((hit.score for hit in found), default=None)
        return Finding(
            Outcome.HIT if found else Outcome.CLEAR,
            SOURCE,
            score=best,
            facts={"hits": len(found)},
            hits=tuple(found),
        )


def search(*, name: str, born: Any) -> list[Hit]:
    """Return the entries of active lists that may mean somebody of this name and date of birth."""
    taken_apart = names.words(name)
    asked = rule.questions(taken_apart)
    if not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute("select set_config('pg_trgm.word_similarity_threshold', %s, true)", [CLOSE])
        cursor.execute(CANDIDATES, [asked, _MOST])
        rows = cursor.fetchall()
    hits = (hit_of(row[1:], name=taken_apart, born=born) for row in rows)
    return sorted((hit for hit in hits if hit), key=lambda hit: (-hit.score, hit.content))


def hit_of(row: tuple[Any, ...], *, name: tuple[str, ...], born: Any) -> Hit | None:
    """Judge one row: list, id, name, aliases, date of birth, country, programme, content."""
    list_name, external_id, listed, aliases_json, listed_born, country, programme, content = row
    aliases = json.loads(aliases_json)
    verdict = rule.judge(name=name, born=born, listed=[listed, *aliases], listed_born=listed_born)
    if not verdict.is_hit:
        return None
    entry = {
        "name": listed,
        "aliases": aliases,
        "born": listed_born,
        "country": country,
        "programme": programme,
    }
    return Hit(list_name, external_id, content, entry, verdict.score, verdict.same_birth)


def not_cleared(*, customer_id: UUID, hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """Return those of the hits that nobody has cleared for this customer."""
    cleared = set(
        ScreeningHit.objects.filter(customer_id=customer_id, state=STATE.CLEARED).values_list(
            "content", flat=True
        )
    )
    return tuple(hit for hit in hits if hit.content not in cleared)


def not_known(*, customer_id: UUID, hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """Return those of the hits that are not kept for this customer yet."""
    known = set(ScreeningHit.objects.filter(customer_id=customer_id).values_list("content", flat=True))
    return tuple(hit for hit in hits if hit.content not in known)


def keep(*, customer_id: UUID, check: KycCheck | None, hits: Iterable[Hit], at: datetime) -> int:
    """Keep hits for staff to decide, each once; freeze whom one names to the day of birth. Return how many are new."""
    new = [
        ScreeningHit(
            customer_id=customer_id,
            check_row=check,
            list_name=hit.list_name,
            external_id=hit.external_id,
            content=hit.content,
            entry=dict(hit.entry),
            score=hit.score,
            same_birth=hit.same_birth,
            found_at=at,
        )
        for hit in not_known(customer_id=customer_id, hits=hits)
    ]
    if not new:
        return 0
    ScreeningHit.objects.bulk_create(new, ignore_conflicts=True)
    audit.record_each(
        action="kyc.screening.hit",
        targets=[
            (row, {"customer": str(customer_id), "list": row.list_name, "score": str(row.score)})
            for row in new
        ],
    )
    if any(row.is_exact for row in new):
        status_rules.freeze_by_screening(customer_id=customer_id, at=at)
    return len(new)


def clear(*, hit: ScreeningHit, by: User, reason: str, at: datetime) -> None:
    """Say that a hit means somebody else. When none is left, what screening froze is lifted.

    Raises AlreadyDecided, OwnAccount.
    """
    with acting_as_service():
        hit = _decide(hit, STATE.CLEARED, by, reason, at)
        audit.record(action="kyc.screening.cleared", target=hit, actor_id=by.pk, reason=reason)
        if not ScreeningHit.objects.standing().filter(customer_id=hit.customer_id).exists():
            status_rules.lift_screening(customer_id=hit.customer_id, by=by, at=at)


def confirm(*, hit: ScreeningHit, by: User, reason: str, at: datetime) -> None:
    """Say that a hit means the customer, whose account is then frozen. Raises AlreadyDecided, OwnAccount."""
    with acting_as_service():
        hit = _decide(hit, STATE.CONFIRMED, by, reason, at)
        audit.record(action="kyc.screening.confirmed", target=hit, actor_id=by.pk, reason=reason, alarm=True)
        cause = CustomerStatusChange.Cause.STAFF
        status_rules.freeze_by_screening(customer_id=hit.customer_id, at=at, cause=cause, by=by)


def _decide(hit: ScreeningHit, state: str, by: User, reason: str, at: datetime) -> ScreeningHit:
    if hit.customer_id == by.pk:
        raise OwnAccount
    # The customer first, as whoever changes a status does.
    Customer.objects.select_for_update().get(pk=hit.customer_id)
    hit = ScreeningHit.objects.select_for_update().get(pk=hit.pk)
    if hit.state != STATE.OPEN:
        raise AlreadyDecided
    hit.state, hit.decided_by, hit.decided_at, hit.reason = state, by, at, reason
    hit.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    return hit
