"""A world to lend in: lenders with money and products, applications at each step, offers, loans that were paid out.

It is made straight in the tables where the way there is not what a test is about. Amounts are minor units.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, Organization, User
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from credit.consents import CURRENT
from credit.models import (
    Application,
    AutoRule,
    Bid,
    Commission,
    Consent,
    Contract,
    Loan,
    LoanProduct,
    LoanTransaction,
    ProductTerms,
    Provider,
    Share,
)
from credit.penalties import LateCharge
from credit.pricing import Priced, price
from credit.product_rules import ProductRules
from credit.services.lending import open_loan
from credit.states import State
from credit.terms_data import late_data, rules_data, rules_of
from wallet import services as wallet
from wallet.services import Line
from wallet.tests.factories import make_wallet

NAIRA = 100
DAY = timedelta(days=1)
LATE = LateCharge(percent=Decimal(1), most=500_000, cap=Decimal(10), days_free=3)


def day(back: int) -> date:
    """So many days before today, in Lagos."""
    return timezone.localdate() - back * DAY


def moment(on: date, clock: time = time(12)) -> datetime:
    return timezone.make_aware(datetime.combine(on, clock))


def lender(
    owner: User,
    *,
    name: str = "Harvest Credit",
    naira: int = 10_000_000,
    commission: Decimal = Decimal(1),
    state: str = Provider.State.ACTIVE,
) -> Provider:
    """An organisation that lends, owned by a person, with so much of its own to lend."""
    with acting_as_service(), transaction.atomic():
        slug = f"{name.lower().replace(' ', '-')[:30]}-{uuid7().hex[-6:]}"
        organization = Organization.objects.create(name=name, slug=slug)
        Membership.objects.create(organization=organization, user=owner, role=Membership.Role.OWNER)
        account = wallet.open_lender(organization_id=organization.pk)
        provider = Provider.objects.create(
            organization=organization,
            account_id=account,
            display_name=name,
            licence_number="FCCPC/DL/2026/014",
            licensed_until=timezone.localdate() + 365 * DAY,
            complaints_email="help@lender.example",
            state=state,
        )
        Commission.objects.create(provider=provider, from_date=date(2020, 1, 1), percent=commission)
        if naira:
            fund(provider, naira)
    return provider


def fund(provider: Provider, naira: int) -> None:
    line = Line("LENDER_FUNDING", wallet.system_account("EQUITY"), provider.account_id, naira * NAIRA)
    wallet.post(posting_id=posting_id(), lines=[line])


def product(
    provider: Provider,
    *,
    name: str = "Steady",
    rules: ProductRules | None = None,
    late: LateCharge = LATE,
    since: date = date(2020, 1, 1),
    **changes: Any,
) -> ProductTerms:
    """What a lender lends, and its terms: ₦10,000 to ₦5,000,000 for 1 to 60 months at 12 to 48 % a year."""
    with acting_as_service():
        made = LoanProduct.objects.create(provider=provider, name=name, currency_id="NGN")
        facts: dict[str, Any] = {
            "least": 10_000 * NAIRA,
            "most": 5_000_000 * NAIRA,
            "shortest": 1,
            "longest": 60,
            "lowest_rate": Decimal(12),
            "highest_rate": Decimal(48),
            "fee_percent": Decimal(1),
            **changes,
        }
        return ProductTerms.objects.create(
            product=made,
            from_date=since,
            rules=rules_data(rules or ProductRules()),
            late=late_data(late),
            **facts,
        )


def rule(terms: ProductTerms, *, rate: Decimal = Decimal(24), **changes: Any) -> AutoRule:
    with acting_as_service():
        facts: dict[str, Any] = {"name": "All", "conditions": {}, **changes}
        return AutoRule.objects.create(
            provider=terms.product.provider, product=terms.product, rate=rate, **facts
        )


def application(
    user: User,
    *,
    naira: int = 100_000,
    count: int = 12,
    state: str = State.LISTED,
    at: datetime | None = None,
    **changes: Any,
) -> Application:
    """What somebody asks for; listed for seven days unless another state is named."""
    at = at or timezone.now()
    facts: dict[str, Any] = {
        "purpose": Application.Purpose.BUSINESS,
        "employment": Application.Employment.EMPLOYED,
        "employed_since": date(2020, 1, 1),
        "income": 400_000 * NAIRA,
        "expenses": 150_000 * NAIRA,
        "debts": 20_000 * NAIRA,
        "released": ["amount", "count", "purpose", "employment", "income", "score"],
        "submitted_at": at,
        "complete_at": at,
        "deadline": at + 7 * DAY,
        "listings": 1,
        **changes,
    }
    with acting_as_service():
        made = Application.objects.create(
            user=user, currency_id="NGN", state=state, amount=naira * NAIRA, count=count, made_at=at, **facts
        )
        agree(made, Consent.Kind.SHARE_FILE, at=at)
    return made


def agree(asked: Application, *kinds: str, at: datetime | None = None) -> None:
    """What a borrower agreed to, in the words of today."""
    at = at or timezone.now()
    with acting_as_service():
        Consent.objects.bulk_create(
            Consent(
                application=asked,
                kind=kind,
                version=CURRENT[kind].version,
                sha256=CURRENT[kind].sha256,
                given_at=at,
                expires_at=at + CURRENT[kind].lasts,
            )
            for kind in kinds
        )


def priced(
    terms: ProductTerms, *, amount: int, count: int, rate: Decimal, start: date | None = None
) -> Priced:
    return price(
        rules_of(terms.rules),
        amount=amount,
        count=count,
        rate=rate,
        start=start or timezone.localdate(),
        fee_percent=terms.fee_percent,
        fee_fixed=terms.fee_fixed,
    )


def bid(
    asked: Application,
    terms: ProductTerms,
    *,
    rate: Decimal = Decimal(24),
    amount: int | None = None,
    at: datetime | None = None,
    state: str = Bid.State.LIVE,
) -> Bid:
    """An offer with its reserve, as a lender would have made it."""
    at, amount = at or timezone.now(), amount or asked.amount or 0
    found = priced(terms, amount=amount, count=asked.count or 0, rate=rate)
    provider = terms.product.provider
    our_fee = amount // 100
    with acting_as_service(), transaction.atomic():
        hold = uuid7()
        made = Bid.objects.create(
            application=asked,
            provider=provider,
            product_terms=terms,
            amount=amount,
            count=asked.count,
            rate=rate,
            fees=found.fees,
            received=found.cost.received,
            total_payable=found.cost.payable,
            apr=found.cost.aprc,
            our_fee=our_fee,
            our_tax=our_fee * 75 // 1000,
            terms="{}",
            sha256="0" * 64,
            state=state,
            hold_id=hold,
            made_at=at,
            expires_at=at + 14 * DAY,
        )
        wallet.place_hold(
            hold_id=hold, account_id=provider.account_id, amount=made.reserve, expires_at=None, reason="loan"
        )
        asked.state = State.OFFERED
        asked.save(update_fields=["state"])
    return made


def contract(asked: Application, bids: Sequence[Bid], *, at: datetime | None = None) -> Contract:
    """A contract over one offer, both sides of which have signed."""
    at, [chosen] = at or timezone.now(), bids
    terms = chosen.product_terms
    with acting_as_service(), transaction.atomic():
        Bid.objects.filter(pk=chosen.pk).update(state=Bid.State.ACCEPTED, ended_at=at)
        made = Contract.objects.create(
            application=asked,
            amount=chosen.amount,
            count=chosen.count,
            rate=chosen.rate,
            fees=chosen.fees,
            received=chosen.received,
            total_payable=chosen.total_payable,
            apr=chosen.apr,
            cooling_off_days=terms.cooling_off_days,
            rules=terms.rules,
            late=terms.late,
            terms=chosen.terms,
            sha256=chosen.sha256,
            accepted_at=at,
            signed_at=at,
            cooling_off_until=at + 3 * DAY,
        )
        Share.objects.create(
            contract=made,
            bid=chosen,
            provider=chosen.provider,
            amount=chosen.amount,
            rate=chosen.rate,
            fees=chosen.fees,
            our_fee=chosen.our_fee,
            our_tax=chosen.our_tax,
            hold_id=chosen.hold_id,
        )
        asked.state = State.SIGNED
        asked.save(update_fields=["state"])
    return made


def lent(
    user: User,
    terms: ProductTerms,
    *,
    naira: int = 100_000,
    count: int = 12,
    rate: Decimal = Decimal(24),
    at: datetime | None = None,
    wallet_naira: int = 0,
    tier: int = 3,
    **changes: Any,
) -> Loan:
    """A loan that was paid out into a customer's wallet at a moment."""
    at = at or timezone.now()
    make_wallet(user, amount=wallet_naira * NAIRA, tier=tier)
    asked = application(user, naira=naira, count=count, at=at - DAY, **changes)
    made = contract(asked, [bid(asked, terms, rate=rate, at=at - DAY)], at=at)
    with acting_as_service(), transaction.atomic():
        posting_ids = {share.pk: posting_id() for share in made.shares.all()}
        open_loan(application=asked, contract=made, posting_ids=posting_ids, at=at)
        asked.state = State.ACTIVE
        asked.save(update_fields=["state"])
        return Loan.objects.get(pk=asked.pk)


def transactions_of(loan: Loan) -> list[LoanTransaction]:
    with acting_as_service():
        return list(LoanTransaction.objects.filter(loan=loan).order_by("number"))


def balance_of(provider: Provider) -> int:
    with acting_as_service():
        return wallet.balance_of(provider.account_id)
