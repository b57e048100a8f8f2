"""Screening again: customers whom it matters for against what is new on the lists, a chunk of them at a time."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from accounts.kyc import names
from accounts.kyc import screening as rule
from accounts.kyc.verification import Finding, Hit, Outcome
from accounts.models import Customer, KycApplication, Profile, SanctionsEntry
from accounts.services.kyc import checking_records, screening
from core.actors import acting_as_service

CHUNK = 100
# What came in these days is looked at, so that a night that was missed loses nothing.
NEW_FOR = timedelta(days=3)

FOUND = """
select distinct q.customer, e.id, l.name, e.external_id, e.name, e.aliases, e.born, e.country, e.programme, e.content
from unnest(%s::uuid[], %s::text[]) as q(customer, words)
join accounts_sanctionsentry e on e.searched %%> q.words and e.since >= %s
join accounts_sanctionslist l on l.id = e.load_id and l.active
"""
Person = tuple[tuple[str, ...], Any]


def screen_chunk(*, after: UUID | None, at: datetime) -> UUID | None:
    """Screen the next customers by key, and return the last of them; None when they were the last of all.

    Tier 2 and above, and who has an open application: the others are screened when they apply.
    """
    with acting_as_service():
        since = at - NEW_FOR
        if not SanctionsEntry.objects.filter(since__gte=since).exists():
            return None
        wanted = Customer.objects.exclude(status=Customer.Status.CLOSED).filter(
            Q(tier__gte=2) | Q(pk__in=KycApplication.objects.open().values("customer_id"))
        )
        wanted = wanted.filter(pk__gt=after) if after else wanted
        keys = list(wanted.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return None
        people = _people(keys)
        for customer_id, hits in _found(people, since).items():
            _keep(customer_id, hits, at)
        return keys[-1] if len(keys) == CHUNK else None


def _people(keys: list[UUID]) -> dict[UUID, Person]:
    """By what name each is known to us best: the one they applied under last, else the one they are shown by."""
    shown = Profile.objects.filter(pk__in=keys).values_list("pk", "display_name")
    births = dict(Customer.objects.filter(pk__in=keys).values_list("pk", "date_of_birth"))
    people: dict[UUID, Person] = {key: (names.words(name), births[key]) for key, name in shown}
    applied = KycApplication.objects.filter(customer_id__in=keys).exclude(last_name="")
    for application in applied.order_by("customer_id", "-id").distinct("customer_id"):
        key = application.customer_id
        people[key] = (names.words(application.declared_name), application.date_of_birth or births[key])
    return people


def _found(people: dict[UUID, Person], since: datetime) -> dict[UUID, list[Hit]]:
    asked = [(key, words) for key, (name, _born) in people.items() for words in rule.questions(name)]
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("select set_config('pg_trgm.word_similarity_threshold', %s, true)", [screening.CLOSE])
        cursor.execute(FOUND, [[key for key, _words in asked], [words for _key, words in asked], since])
        rows = cursor.fetchall()
    found: defaultdict[UUID, list[Hit]] = defaultdict(list)
    for customer_id, _entry, *row in rows:
        name, born = people[customer_id]
        hit = screening.hit_of(tuple(row), name=name, born=born)
        if hit:
            found[customer_id].append(hit)
    return found


def _keep(customer_id: UUID, hits: list[Hit], at: datetime) -> None:
    """Keep what is new about a customer, with a check where they have an application that it can stand with."""
    new = screening.not_known(customer_id=customer_id, hits=hits)
    if not new:
        return
    applications = KycApplication.objects.filter(customer_id=customer_id).select_related("customer__user")
    application = applications.order_by("-id").first()
    if application is None:
        screening.keep(customer_id=customer_id, check=None, hits=new, at=at)
        return
    best = max(hit.score for hit in new)
    finding = Finding(Outcome.HIT, screening.SOURCE, score=best, facts={"hits": len(new)}, hits=new)
    checking_records.write(
        application=application, kind="SCREENING", finding=finding, revision=application.revision, at=at
    )
