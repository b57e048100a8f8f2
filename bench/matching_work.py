"""A market and its automatic offers: `python -m bench.matching_work APPLICATIONS LENDERS` prints how many offers were
made, in how many queries, how long pricing them alone took, and how long all of it (seconds)."""

import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Organization, User  # noqa: E402
from core.actors import acting_as_service  # noqa: E402
from core.ids import posting_id, uuid7  # noqa: E402
from credit import offering  # noqa: E402
from credit.consents import CURRENT  # noqa: E402
from credit.models import (  # noqa: E402
    Application,
    AutoRule,
    Bid,
    Consent,
    LoanProduct,
    ProductTerms,
    Provider,
)
from credit.services import automatic  # noqa: E402
from credit.states import State  # noqa: E402
from wallet import services as wallet  # noqa: E402
from wallet.services import Line  # noqa: E402

NAIRA, DAY = 100, timedelta(days=1)
MONEY = 1_000_000_000 * NAIRA


def lay_out(applications: int, lenders: int) -> None:
    """People who ask for round sums, and lenders of whom each takes a fifth of them. Those of before are taken off."""
    chance, at = Random(1), timezone.now()
    Application.objects.filter(state__in=(State.LISTED, State.OFFERED)).update(state=State.WITHDRAWN)
    AutoRule.objects.update(is_on=False)
    for number in range(lenders):
        _lender(number, chance)
    people = User.objects.bulk_create(
        User(email=f"{uuid7().hex}@bench.test", password="!") for _ in range(applications)
    )
    asked = Application.objects.bulk_create(
        Application(
            user=person,
            currency_id="NGN",
            state=State.LISTED,
            amount=chance.randrange(1, 41) * 50_000 * NAIRA,
            count=chance.choice((6, 12, 24, 36)),
            purpose="BUSINESS",
            employment="EMPLOYED",
            income=chance.randrange(100, 1_000) * 1_000 * NAIRA,
            released=["income", "employment"],
            deadline=at + 7 * DAY,
            listings=1,
        )
        for person in people
    )
    text = CURRENT[Consent.Kind.SHARE_FILE]
    Consent.objects.bulk_create(
        Consent(
            application=one,
            kind=text.kind,
            version=text.version,
            sha256=text.sha256,
            given_at=at,
            expires_at=at + text.lasts,
        )
        for one in asked
    )


def _lender(number: int, chance: Random) -> None:
    key = uuid7().hex[-12:]
    organization = Organization.objects.create(name=f"Lender {number}", slug=f"lender-{key}")
    provider = Provider.objects.create(
        organization=organization,
        account_id=wallet.open_lender(organization_id=organization.pk),
        display_name=organization.name,
        licence_number="bench",
        licensed_until=timezone.localdate() + 365 * DAY,
        complaints_email="help@bench.test",
        state=Provider.State.ACTIVE,
    )
    line = Line("LENDER_FUNDING", wallet.system_account("EQUITY"), provider.account_id, MONEY)
    wallet.post(posting_id=posting_id(), lines=[line])
    product = LoanProduct.objects.create(provider=provider, name="Steady", currency_id="NGN")
    ProductTerms.objects.create(
        product=product,
        from_date=timezone.localdate() - DAY,
        least=NAIRA,
        most=MONEY,
        shortest=1,
        longest=60,
        lowest_rate=0,
        highest_rate=100,
        fee_percent=Decimal(1),
        rules={},
        late={"percent": "1"},
    )
    low = chance.randrange(100, 820) * 1_000 * NAIRA
    AutoRule.objects.create(
        provider=provider,
        product=product,
        name="Bench",
        rate=Decimal(18 + number % 10),
        conditions={"income": {"min": low, "max": low + 180_000 * NAIRA}},
    )


def match() -> tuple[int, int]:
    """Make all automatic offers; return how many, and in how many queries."""
    queries, at, after, made = [0], timezone.now(), None, 0

    def count(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        queries[0] += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        while True:
            chunk = automatic.offer_next(at=at, after=after)
            made, after = made + chunk.made, chunk.last
            if after is None:
                return made, queries[0]


def price_all(bids: Sequence[Bid]) -> None:
    for bid in bids:
        offering.figures_of(
            bid.product_terms,
            amount=bid.amount,
            count=bid.count,
            rate=bid.rate,
            start=timezone.localdate(bid.made_at),
            commission=None,
        )


def timed(before: float) -> float:
    return time.perf_counter() - before


if __name__ == "__main__":
    with acting_as_service(), transaction.atomic():
        lay_out(int(sys.argv[1]), int(sys.argv[2]))
        began = timezone.now()
    begun = time.perf_counter()
    made, queries = match()
    took = timed(begun)
    with acting_as_service():
        bids = list(Bid.objects.filter(made_at__gte=began).select_related("product_terms"))
    offering.forget_prices()
    begun = time.perf_counter()
    price_all(bids)
    print(made, queries, f"{timed(begun):.3f}", f"{took:.3f}")
