"""Lenders: applying, being admitted by two people, money in and out, products and their versions, what they see."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts import life
from accounts.models import Organization, User
from accounts.services import approvals
from accounts.services.organizations import RoleNotEnough
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_organization, make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from credit.models import LoanProduct, ProductTerms, Provider, ProviderMove
from credit.penalties import LateCharge
from credit.product_checks import Offered
from credit.services import lender_money, lender_reports, lenders, products
from credit.services.approved import lenders as approved
from credit.services.lenders import Facts
from credit.tests import world
from wallet.models import Account
from wallet.refusals import InsufficientFunds
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db
NAIRA = 100
FACTS = Facts("Harvest Credit", "FCCPC/DL/2026/014", "help@harvest.example")
OFFERED = Offered(
    least=10_000 * NAIRA,
    most=500_000 * NAIRA,
    shortest=3,
    longest=12,
    lowest_rate=Decimal(18),
    highest_rate=Decimal(36),
    fee_percent=Decimal(1),
    late=LateCharge(Decimal(1), cap=Decimal(10), days_free=3),
)


def applied(owner: User) -> Provider:
    firm: Organization = make_organization(owner=owner)
    return lenders.apply_as_lender(organization_id=firm.pk, by=owner, facts=FACTS, at=timezone.now())


def decide(payload: dict[str, Any], action: str, provider: Provider) -> None:
    maker, checker = make_colleague(approved.PROPOSE), make_colleague(approved.APPROVE)
    found = approvals.propose(
        action=action,
        payload=payload,
        target=approved.target_of(provider),
        maker=maker,
        reason="licence seen",
        at=timezone.now(),
    )
    approvals.approve(approval_id=found.pk, checker=checker, at=timezone.now())


def test_an_organisation_applies_and_two_people_admit_price_and_suspend_it() -> None:
    owner = make_person()
    provider = applied(owner)
    assert provider.state == Provider.State.APPLIED
    until = timezone.localdate() + timedelta(days=365)
    decide(approved.admission(provider, licensed_until=until, reason="seen"), "credit.lender_admit", provider)
    today = timezone.localdate()
    decide(
        approved.commission(provider, percent=Decimal("1.5"), from_date=today),
        "credit.lender_commission",
        provider,
    )
    with acting_as_service():
        provider.refresh_from_db()
        assert (provider.state, provider.licensed_until) == (Provider.State.ACTIVE, until)
        found = lenders.commission_on(provider.pk, today)
        assert found is not None
        assert found.percent == Decimal("1.5")
        assert found.approval is not None
    decide(approved.suspension(provider, reason="complaints"), "credit.lender_suspend", provider)
    with acting_as_service():
        provider.refresh_from_db()
        assert (provider.state, provider.account.state) == (Provider.State.SUSPENDED, Account.State.NO_DEBIT)
        with pytest.raises(lenders.LenderStateRefused):
            lenders.suspend(provider_id=provider.pk, reason="again", at=timezone.now())


def test_only_an_owner_applies_and_only_once() -> None:
    owner, member = make_person(), make_person()
    provider = applied(owner)
    with acting_as_service():
        provider.organization.memberships.create(user=member, role="ADMIN")
    with pytest.raises(RoleNotEnough):
        lenders.apply_as_lender(
            organization_id=provider.organization_id, by=member, facts=FACTS, at=timezone.now()
        )
    with pytest.raises(lenders.AlreadyALender):
        lenders.apply_as_lender(
            organization_id=provider.organization_id, by=owner, facts=FACTS, at=timezone.now()
        )


def test_money_goes_in_and_out_once_each_and_never_what_an_offer_set_aside() -> None:
    owner = make_person()
    make_wallet(owner, amount=50_000 * NAIRA, tier=3)
    provider = world.lender(owner, naira=0)
    key = posting_id()
    for _again in range(2):
        lender_money.put_in(
            provider=provider, by=owner, amount=30_000 * NAIRA, posting_id=key, at=timezone.now()
        )
    asked = world.application(make_person(), naira=20_000, count=3)
    world.bid(asked, world.product(provider))
    with pytest.raises(InsufficientFunds):
        lender_money.take_out(
            provider=provider, by=owner, amount=20_000 * NAIRA, posting_id=posting_id(), at=timezone.now()
        )
    lender_money.take_out(
        provider=provider, by=owner, amount=5_000 * NAIRA, posting_id=posting_id(), at=timezone.now()
    )
    with acting_as_service():
        assert ProviderMove.objects.filter(provider=provider).count() == 2
        assert Account.objects.get(pk=provider.account_id).balance == 25_000 * NAIRA
        assert Account.objects.get(owner=owner, kind="WALLET").balance == 25_000 * NAIRA


def test_a_product_has_versions_and_what_was_offered_before_stays() -> None:
    owner = make_person()
    provider = world.lender(owner)
    today = timezone.localdate()
    first = products.make_product(
        provider=provider,
        by=owner,
        name="Steady",
        summary="",
        offered=OFFERED,
        from_date=today,
        at=timezone.now(),
    )
    cheaper = Offered(**{**vars(OFFERED), "lowest_rate": Decimal(12)})
    with pytest.raises(products.TermsExist):
        products.set_terms(
            product=first.product, by=owner, offered=cheaper, from_date=today, at=timezone.now()
        )
    later = today + timedelta(days=1)
    products.set_terms(product=first.product, by=owner, offered=cheaper, from_date=later, at=timezone.now())
    with acting_as_service():
        assert [row.lowest_rate for row in ProductTerms.objects.in_force(today)] == [18]
        assert [row.lowest_rate for row in ProductTerms.objects.in_force(later)] == [12]
    with pytest.raises(products.ProductExists):
        products.make_product(
            provider=provider,
            by=owner,
            name="Steady",
            summary="",
            offered=OFFERED,
            from_date=today,
            at=timezone.now(),
        )


def test_what_a_lender_sees_adds_up_and_others_see_nothing_of_it() -> None:
    owner, ada = make_person(), make_person()
    provider = world.lender(owner, naira=1_000_000)
    world.lent(ada, world.product(provider), naira=100_000, at=world.moment(world.day(20)))
    found = lender_reports.standing_of(provider)
    assert (found.loans, found.lent, found.owed) == (1, 100_000 * NAIRA, 100_000 * NAIRA)
    assert found.charges == 1_000 * NAIRA
    first = lender_reports.buckets_of(provider)[0]
    assert (first.bucket, first.loans, first.owed) == ("CURRENT", 1, 100_000 * NAIRA)
    [month] = lender_reports.months_of(provider, since=world.day(60))
    assert (month.lent, month.returned) == (100_000 * NAIRA, 0)
    with acting_as(ada):
        assert not ProviderMove.objects.exists()
        assert Provider.objects.visible_to(ada).count() == 0
        assert LoanProduct.objects.count() == 1


def test_an_organisation_that_lends_is_not_closed_over_its_money() -> None:
    owner = make_person()
    provider = world.lender(owner, naira=1)
    with acting_as_service(), pytest.raises(lenders.LendingGoesOn):
        life.closing_organization.send(sender=Organization, organization=provider.organization)
