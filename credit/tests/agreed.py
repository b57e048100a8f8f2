"""Contracts that were accepted and wait to be signed, made straight in the tables; and their signing."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.approvals import canonical
from accounts.models import Membership, User
from core.actors import acting_as_service
from credit.agreed_times import sign_by
from credit.models import (
    Application,
    Bid,
    BureauReport,
    Consent,
    Contract,
    Loan,
    Provider,
    Share,
)
from credit.services import disbursing, signing
from credit.states import State
from credit.tests.world import DAY, NAIRA, application, bid, lender, product
from wallet.tests.factories import make_wallet

HASH = "0" * 64


def terms_text_of(asked: Application, providers: Sequence[UUID]) -> str:
    return canonical(
        {
            "application_id": str(asked.pk),
            "borrower_id": str(asked.user_id),
            "provider_ids": [str(one) for one in providers],
        }
    )


def accept(asked: Application, bids: Sequence[Bid], *, at: datetime) -> Contract:
    """What accepting makes of one offer, or of several that carry the same rate: a contract that nobody signed."""
    first, terms = bids[0], bids[0].product_terms
    text = terms_text_of(asked, [one.provider_id for one in bids])
    with acting_as_service(), transaction.atomic():
        Bid.objects.filter(pk__in=[one.pk for one in bids]).update(state=Bid.State.ACCEPTED, ended_at=at)
        made = Contract.objects.create(
            application=asked,
            amount=sum(one.amount for one in bids),
            count=first.count,
            rate=first.rate,
            fees=sum(one.fees for one in bids),
            received=sum(one.received for one in bids),
            total_payable=sum(one.total_payable for one in bids),
            apr=first.apr,
            cooling_off_days=terms.cooling_off_days,
            rules=terms.rules,
            late=terms.late,
            terms=text,
            sha256=sha256(text.encode()).hexdigest(),
            accepted_at=at,
        )
        for one in bids:
            Share.objects.create(
                contract=made,
                bid=one,
                provider=one.provider,
                amount=one.amount,
                rate=one.rate,
                fees=one.fees,
                our_fee=one.our_fee,
                our_tax=one.our_tax,
                hold_id=one.hold_id,
            )
        asked.state, asked.sign_by = State.ACCEPTED, sign_by(at)
        asked.save(update_fields=["state", "sign_by"])
    return made


def accepted(
    user: User,
    owners: Sequence[User],
    *,
    at: datetime,
    naira: int = 100_000,
    consents: bool = True,
    searched: bool = True,
    changes: dict[str, Any] | None = None,
    **terms: Any,
) -> Contract:
    """An application with one offer of each owner's lender, equal parts of it, all of them accepted."""
    make_wallet(user, tier=3)
    asked = application(user, naira=naira, at=at - DAY, pools=len(owners) > 1, **(changes or {}))
    part = naira * NAIRA // len(owners)
    bids = []
    for number, owner in enumerate(owners):
        provider = lender(owner, name=f"Lender {number}")
        offered = product(provider, **terms)
        bids.append(bid(asked, offered, rate=Decimal(24), amount=part, at=at - DAY))
    made = accept(asked, bids, at=at)
    if consents:
        agree_to_search(asked, at)
    if searched:
        search(asked, at)
    return made


def agree_to_search(asked: Application, at: datetime) -> Consent:
    with acting_as_service():
        return Consent.objects.create(
            application=asked,
            kind=Consent.Kind.HARD_SEARCH,
            version="2026-12-en",
            sha256=HASH,
            given_at=at - DAY,
            expires_at=at + 60 * DAY,
        )


def search(asked: Application, at: datetime) -> BureauReport:
    """A hard search that one bureau answered."""
    with acting_as_service():
        consent = Consent.objects.filter(application=asked, kind=Consent.Kind.HARD_SEARCH).first()
        return BureauReport.objects.create(
            application=asked,
            bureau="firstcheck",
            kind=BureauReport.Kind.HARD,
            consent=consent or agree_to_search(asked, at),
            state=BureauReport.State.ANSWERED,
            mapped={"found": True, "inquiries": 1, "lines": []},
            asked_at=at,
            answered_at=at,
        )


def owner_of(provider: Provider) -> User:
    with acting_as_service():
        return Membership.objects.select_related("user").get(organization=provider.organization_id).user


def signed(made: Contract, *, at: datetime) -> Contract:
    """Signed by everybody; not paid out."""
    with acting_as_service():
        user = User.objects.get(pk=made.application.user_id)
        providers = [share.provider for share in made.shares.select_related("provider").order_by("pk")]
    signing.sign(application_id=made.application_id, user=user, sha256=made.sha256, at=at)
    for provider in providers:
        signing.provider_sign(
            application_id=made.application_id,
            provider_id=provider.pk,
            by=owner_of(provider),
            sha256=made.sha256,
            at=at,
        )
    with acting_as_service():
        return Contract.objects.get(pk=made.pk)


def paid_out(made: Contract, *, at: datetime) -> Loan:
    signed(made, at=at)
    assert disbursing.disburse(application_id=made.application_id, at=at)
    with acting_as_service():
        return Loan.objects.select_related("contract").get(pk=made.application_id)


def state_of(made: Contract | Loan) -> str:
    key = made.application_id
    with acting_as_service():
        return str(Application.objects.values_list("state", flat=True).get(pk=key))
