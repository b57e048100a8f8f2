"""The lenders of the demo world: the operator's own and another, with money, products and rules. Development only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.services import organizations
from core.ids import posting_id
from credit.drawdown import Drawdown
from credit.models import LoanProduct, Provider
from credit.penalties import LateCharge
from credit.product_checks import Offered
from credit.product_rules import ProductRules
from credit.services import lender_money, lenders, products, rules
from wallet import services as wallet
from wallet.services import Line

NAIRA = 100
LENDS = 4_000_000
LATE = LateCharge(percent=Decimal(2), most=500_000, cap=Decimal(10), days_free=3)


@dataclass(frozen=True)
class Lender:
    """One of the two, with its product and who offers for it."""

    provider: Provider
    product: LoanProduct
    owner: User


def own_lender(owner: User, *, at: datetime) -> Lender:
    """Alajo Credit, which offers by itself to whoever scores well enough."""
    facts = lenders.Facts(
        display_name="Alajo Credit",
        licence_number="FCCPC/DL/2025/0031",
        complaints_email="help@credit.alajo.test",
        complaints_phone="+2348030000090",
        about="Alajo’s own lender. An answer within minutes, for people who save with us.",
    )
    offered = Offered(
        least=20_000 * NAIRA,
        most=1_000_000 * NAIRA,
        shortest=1,
        longest=12,
        lowest_rate=Decimal(24),
        highest_rate=Decimal(36),
        fee_percent=Decimal(1),
        late=LATE,
    )
    made = _lender(owner, facts, "Everyday loan", "For plans that do not wait.", offered, at)
    for name, least, rate in (("Good score", 650, 27), ("Everybody listed", 600, 30)):
        _rule(made, name, {"score": {"min": least}}, rate, at)
    return made


def other_lender(owner: User, *, at: datetime) -> Lender:
    """Harvest Credit, whose people look at each file."""
    facts = lenders.Facts(
        display_name="Harvest Credit",
        licence_number="FCCPC/DL/2025/0114",
        complaints_email="care@harvest.test",
        about="We lend to traders and makers. Somebody reads every file.",
    )
    offered = Offered(
        least=50_000 * NAIRA,
        most=3_000_000 * NAIRA,
        shortest=3,
        longest=24,
        lowest_rate=Decimal(20),
        highest_rate=Decimal(32),
        fee_percent=Decimal("1.5"),
        late=LATE,
        conditions=("The loan is for the business that was named.",),
    )
    return _lender(owner, facts, "Trade loan", "For stock, tools and a shop of your own.", offered, at)


def in_parts(lender: Lender, *, at: datetime) -> Lender:
    """The same lender with a product of which a borrower takes the money as it is needed, in up to three parts."""
    offered = Offered(
        least=100_000 * NAIRA,
        most=2_000_000 * NAIRA,
        shortest=3,
        longest=12,
        lowest_rate=Decimal(20),
        highest_rate=Decimal(32),
        fee_percent=Decimal("1.5"),
        rules=ProductRules(drawdown=Drawdown(parts=3, least=Decimal(20), days=120)),
        late=LATE,
    )
    terms = products.make_product(
        provider=lender.provider,
        by=lender.owner,
        name="Stock loan",
        summary="Paid out as you need it, in up to three parts.",
        offered=offered,
        from_date=timezone.localdate(at),
        at=at,
    )
    return Lender(lender.provider, terms.product, lender.owner)


def _lender(
    owner: User, facts: lenders.Facts, product: str, summary: str, offered: Offered, at: datetime
) -> Lender:
    """Applied, admitted, with money to lend and one product."""
    organization = organizations.create(owner=owner, name=facts.display_name)
    provider = lenders.apply_as_lender(organization_id=organization.pk, by=owner, facts=facts, at=at)
    until = timezone.localdate(at) + timedelta(days=400)
    provider = lenders.admit(provider_id=provider.pk, licensed_until=until, reason="Licence seen", at=at)
    today = timezone.localdate(at)
    lenders.set_commission(
        provider_id=provider.pk, percent=Decimal("1.5"), from_date=today, approval=None, at=at
    )
    purse, equity = wallet.open_wallet(owner_id=owner.pk), wallet.system_account("EQUITY")
    line = Line("ADJUSTMENT", equity, purse, LENDS * NAIRA)
    wallet.post(posting_id=posting_id(), lines=[line], description="Balance brought over", effective_at=at)
    lender_money.put_in(provider=provider, by=owner, amount=LENDS * NAIRA, posting_id=posting_id(), at=at)
    terms = products.make_product(
        provider=provider, by=owner, name=product, summary=summary, offered=offered, from_date=today, at=at
    )
    return Lender(provider, terms.product, owner)


def _rule(lender: Lender, name: str, conditions: dict[str, Any], rate: int, at: datetime) -> None:
    rules.add_rule(
        provider=lender.provider,
        by=lender.owner,
        product=lender.product,
        name=name,
        conditions=conditions,
        rate=Decimal(rate),
        valid_days=7,
        at=at,
    )
