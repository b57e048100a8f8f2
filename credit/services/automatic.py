"""Lenders' automatic offers: each open application against each running rule, many at a time.

Rules are looked at and offers priced without a lock; then what fits is written in one transaction, in as many queries
however many applications there are. A lender that offered for an application before, and did not merely lose, makes no
automatic offer for it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts import audit
from accounts.models import Membership
from core.actors import acting_as_service
from core.ids import uuid7
from credit import automatic, events
from credit.models import Application, AutoRule, Bid, Commission, ProductTerms, Provider
from credit.notices import offers as notices
from credit.offering import figures_of
from credit.released import released_files
from credit.services.ending_bids import State
from credit.services.new_bids import REASON, bars_of, new_bid
from credit.services.steps import step_many
from credit.states import Actor, Event, Guard
from credit.states import State as Stage
from wallet import services as wallet
from wallet.models import Account, Hold
from wallet.services import Reserve

SIZE = 200


@dataclass(frozen=True)
class Chunk:
    """`last` is the application to go on after, None where there are no more; `made` how many offers were made."""

    last: UUID | None
    made: int


@dataclass
class Standing:
    """What was read of all lenders with running rules. `headroom` (minor units) shrinks as offers are planned."""

    rules: dict[UUID, list[AutoRule]]
    terms: dict[UUID, ProductTerms]
    commissions: dict[UUID, Commission]
    headroom: dict[UUID, int]
    members: set[tuple[UUID, UUID]] = field(default_factory=set)


def offer_next(*, at: datetime, after: UUID | None = None, size: int = SIZE) -> Chunk:
    """Make the automatic offers for the next applications, by id."""
    with acting_as_service():
        applications = _open(at, after, size)
        planned = _plan(applications, at) if applications else []
    made = place(planned, at=at) if planned else 0
    return Chunk(applications[-1].pk if len(applications) == size else None, made)


def place(planned: Sequence[Bid], *, at: datetime) -> int:
    """Write planned offers, as far as they still fit, and return how many. Runs in a transaction of its own."""
    with acting_as_service(), transaction.atomic():
        ids = {bid.application_id for bid in planned}
        open_now = Application.objects.on_the_market().filter(pk__in=ids, deadline__gt=at)
        locked = open_now.select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by("pk")
        applications = {one.pk: one for one in locked}
        there = _offered(applications, {bid.provider_id for bid in planned})
        running = set(_running(timezone.localdate(at)).values_list("pk", flat=True))
        fitting = [
            bid
            for bid in planned
            if bid.application_id in applications
            and (bid.application_id, bid.provider_id) not in there
            and bid.rule_id in running
        ]
        refused = _reserve(fitting)
        bids = [bid for bid in fitting if bid.hold_id not in refused]
        for bid in bids:
            bid.application = applications[bid.application_id]
        _write(bids, at)
    return len(bids)


def _open(at: datetime, after: UUID | None, size: int) -> list[Application]:
    found = Application.objects.on_the_market().filter(deadline__gt=at)
    if after is not None:
        found = found.filter(pk__gt=after)
    return list(found.order_by("pk")[:size])


def _plan(applications: Sequence[Application], at: datetime) -> list[Bid]:
    """Return the offers that rules make, the first rule of a lender that fits, for whoever it has not offered yet."""
    on = timezone.localdate(at)
    standing = _standing(applications, at, on)
    there = _offered({one.pk for one in applications}, standing.rules)
    files = released_files(applications)
    planned = []
    for application in applications:
        for provider_id, rules in standing.rules.items():
            if (application.pk, provider_id) in there:
                continue
            rule = _first_fitting(rules, application, files[application.pk], standing)
            bid = _bid(rule, application, standing, at, on) if rule is not None else None
            if bid is not None:
                standing.headroom[provider_id] -= bid.reserve
                planned.append(bid)
    return planned


def _first_fitting(
    rules: Iterable[AutoRule], application: Application, file: dict[str, Any], standing: Standing
) -> AutoRule | None:
    for rule in rules:
        terms = standing.terms.get(rule.product_id)
        if (
            terms is not None
            and rule.product.currency_id == application.currency_id
            and not automatic.unmet(rule.conditions, file)
        ):
            return rule
    return None


def _bid(rule: AutoRule, application: Application, standing: Standing, at: datetime, on: date) -> Bid | None:
    """Return the offer of a rule; None where it cannot be made as things stand."""
    provider, terms = rule.provider, standing.terms[rule.product_id]
    amount, count = application.amount or 0, application.count or 0
    amount = min(amount, terms.most) if application.pools else amount
    # Pricing is what takes time: not for an amount or a term that the product does not lend.
    if not (terms.least <= amount <= terms.most and terms.shortest <= count <= terms.longest):
        return None
    try:
        figures = figures_of(
            terms,
            amount=amount,
            count=count,
            rate=rule.rate,
            start=on,
            commission=standing.commissions.get(provider.pk),
        )
    except ValueError:
        return None
    bid = new_bid(
        bid_id=uuid7(),
        application=application,
        provider=provider,
        terms=terms,
        figures=figures,
        conditions=(),
        expires_at=at + timedelta(days=rule.valid_days),
        at=at,
        rule=rule,
    )
    is_own = (provider.organization_id, application.user_id) in standing.members
    bars = bars_of(bid, [], headroom=standing.headroom[provider.pk], is_own=is_own, at=at, on=on)
    return None if bars else bid


def _running(on: date) -> Any:
    lending = Provider.objects.lending(on)
    return AutoRule.objects.filter(is_on=True, ended_at=None, provider__in=lending, product__is_open=True)


def _standing(applications: Sequence[Application], at: datetime, on: date) -> Standing:
    rules: dict[UUID, list[AutoRule]] = defaultdict(list)
    running = _running(on).select_related("provider", "product").order_by("provider", "position", "pk")
    for rule in running:
        rules[rule.provider_id].append(rule)
    providers = {found[0].provider for found in rules.values()}
    products = {rule.product_id for found in rules.values() for rule in found}
    commissions = Commission.objects.filter(provider__in=rules, from_date__lte=on)
    latest = commissions.order_by("provider", "-from_date").distinct("provider")
    members = Membership.objects.filter(
        organization__in=[one.organization_id for one in providers],
        user__in={one.user_id for one in applications},
    )
    return Standing(
        rules=dict(rules),
        terms={one.product_id: one for one in ProductTerms.objects.filter(product__in=products).in_force(on)},
        commissions={one.provider_id: one for one in latest},
        headroom=_headroom(providers, at),
        members=set(members.values_list("organization_id", "user_id")),
    )


def _headroom(providers: Iterable[Provider], at: datetime) -> dict[UUID, int]:
    """What each lender may still promise, in minor units; what is set aside past its time counts as free."""
    by_account = {one.account_id: one.pk for one in providers}
    overdue = Hold.objects.open().filter(account__in=by_account, expires_at__lte=at)
    freed = dict(overdue.values_list("account").annotate(freed=Sum(F("amount") - F("committed"))))
    accounts = Account.objects.filter(pk__in=by_account)
    return {by_account[one.pk]: one.available + int(freed.get(one.pk, 0)) for one in accounts}


def _offered(applications: Iterable[UUID], providers: Iterable[UUID]) -> set[tuple[UUID, UUID]]:
    """Which lenders offered for which applications, and did not lose: they had their say."""
    bids = Bid.objects.filter(application__in=list(applications), provider__in=list(providers))
    return set(bids.exclude(state=State.LOST).values_list("application_id", "provider_id"))


def _reserve(bids: Sequence[Bid]) -> dict[UUID, str]:
    reserves = [Reserve(bid.hold_id, bid.provider.account_id, bid.reserve, bid.expires_at) for bid in bids]
    return wallet.reserve_many(reserves=reserves, reason=REASON) if reserves else {}


def _write(bids: Sequence[Bid], at: datetime) -> None:
    Bid.objects.bulk_create(bids, batch_size=5_000)
    audit.record_each(
        action="credit.bid.made",
        targets=[
            (
                bid,
                {
                    "application": str(bid.application_id),
                    "provider": str(bid.provider_id),
                    "rule": str(bid.rule_id),
                    "amount": bid.amount,
                    "rate": str(bid.rate),
                    "sha256": bid.sha256,
                },
            )
            for bid in bids
        ],
    )
    events.bids_changed(bids, "made")
    first = {bid.application_id: bid.application for bid in bids if bid.application.state == Stage.LISTED}
    newly = list(first.values())
    step_many(newly, Event.OFFER, who=Actor.SYSTEM, at=at, holding=[Guard.WITHIN_PROVIDER_LIMITS])
    notices.tell_applicants(newly, "loan.offered")
