"""Sellers: applying, being approved, paused and priced by two people, and leaving."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import life
from accounts.models import AuditEvent, Organization, User
from accounts.services import approvals
from accounts.services.organizations import OrganizationNotFound, RoleNotEnough
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_organization, make_person
from core.actors import acting_as_service
from marketplace import refusals
from marketplace.models import Order, Seller
from marketplace.services import approved, sellers
from marketplace.services.searching import search
from marketplace.services.sellers import Facts
from marketplace.tests.factories import make_product, make_seller
from marketplace.tests.furnishing import furnish_marketplace
from wallet import services as wallet
from wallet.models import Account

pytestmark = pytest.mark.django_db
FACTS = Facts("Kasuwa  Stores", "help@kasuwa.example", about=" Fabric and  shoes ")


@pytest.fixture
def ada(db: None) -> User:
    return make_person(email="ada@alajo.test")


def applied(owner: User) -> Seller:
    return sellers.apply_as_seller(organization_id=make_organization(owner=owner).pk, by=owner, facts=FACTS)


def decide(payload: dict[str, Any], action: str, seller: Seller) -> None:
    maker, checker = make_colleague(approved.PROPOSE), make_colleague(approved.APPROVE)
    found = approvals.propose(
        action=action,
        payload=payload,
        target=approved.target_of(seller),
        maker=maker,
        reason="papers seen",
        at=timezone.now(),
    )
    approvals.approve(approval_id=found.pk, checker=checker, at=timezone.now())
    with acting_as_service():
        seller.refresh_from_db()


def test_an_organisation_applies_once_and_only_its_owner(ada):
    seller, member = applied(ada), make_person()
    assert (seller.state, seller.display_name, seller.about) == (
        *("APPLIED", "Kasuwa Stores", "Fabric and shoes"),
    )
    with acting_as_service():
        account = Account.objects.get(pk=seller.account_id)
        assert (account.kind, account.floor, account.hot, account.owner) == ("SELLER", 0, False, None)
        seller.organization.memberships.create(user=member, role="ADMIN")
    facts = {"organization_id": seller.organization_id, "facts": FACTS}
    for who, refusal in (
        (ada, refusals.AlreadyASeller),
        (member, RoleNotEnough),
        (make_person(), OrganizationNotFound),
    ):
        with pytest.raises(refusal):
            sellers.apply_as_seller(by=who, **facts)


def test_many_can_pay_into_escrow_at_once(db):
    with acting_as_service():
        escrow = Account.objects.get(pk=wallet.system_account("MARKETPLACE_ESCROW"))
    assert (escrow.kind, escrow.hot, escrow.floor, escrow.normal_side) == ("ESCROW", True, None, "CREDIT")


def test_what_it_lists_is_found_once_two_people_approve_and_not_while_it_is_paused(ada):
    seller = applied(ada)
    make_product(seller, "Ankara fabric")
    assert search(query="ankara").hits == []
    decide(approved.decision(seller, reason="Papers seen"), approved.APPROVE_SELLER.code, seller)
    assert (seller.state, seller.reason) == ("APPROVED", "Papers seen")
    assert len(search(query="ankara").hits) == 1
    decide(approved.decision(seller, reason="Complaints"), approved.PAUSE.code, seller)
    assert seller.state == "PAUSED" and search(query="ankara").hits == []
    decide(approved.decision(seller, reason="Put right"), approved.APPROVE_SELLER.code, seller)
    assert seller.state == "APPROVED"
    with acting_as_service():
        events = AuditEvent.objects.filter(target_id=str(seller.pk), action__startswith="marketplace.")
        assert [event.action.rpartition(".")[2] for event in events.order_by("pk")] == [
            *("applied", "approved", "paused", "approved"),
        ]


def test_a_decision_that_does_not_fit_its_state_is_refused(ada):
    seller = applied(ada)
    with pytest.raises(refusals.SellerStateRefused):
        decide(approved.decision(seller, reason="x"), approved.PAUSE.code, seller)
    decide(approved.decision(seller, reason="x"), approved.APPROVE_SELLER.code, seller)
    with pytest.raises(refusals.SellerStateRefused) as refused:
        decide(approved.decision(seller, reason="x"), approved.APPROVE_SELLER.code, seller)
    assert refused.value.data == {"state": "APPROVED"}


def test_its_commission_is_dated_and_each_day_has_one(ada):
    seller, today = make_seller(ada), timezone.localdate()
    later = today + timedelta(days=30)
    for points, since in ((500, today), (400, later)):
        payload = approved.commission(seller, basis_points=points, from_date=since)
        decide(payload, approved.COMMISSION.code, seller)
    with acting_as_service():
        held = [sellers.commission_on(seller.pk, today + timedelta(days=day)) for day in (-1, 0, 29, 30, 400)]
        assert [row and row.basis_points for row in held] == [None, 500, 500, 400, 400]
        assert held[1].approval.action == approved.COMMISSION.code
    for points, since in ((500, today), (10_001, later), (-1, later), (1, today - timedelta(days=1))):
        with pytest.raises(refusals.CommissionRefused):
            decide(
                approved.commission(seller, basis_points=points, from_date=since),
                approved.COMMISSION.code,
                seller,
            )


def close(organization: Organization) -> None:
    with acting_as_service():
        life.closing_organization.send(sender=None, organization=organization)


def test_an_organisation_closes_once_nothing_of_its_shop_is_open(ada):
    order = furnish_marketplace(make_person(), ada)
    with pytest.raises(refusals.SellingGoesOn):
        close(order.seller.organization)
    with acting_as_service():
        Order.objects.update(state="COMPLETED")
    close(order.seller.organization)
    with acting_as_service():
        seller = Seller.objects.select_related("account").get()
    assert (seller.state, seller.account.state) == ("PAUSED", "CLOSED")
