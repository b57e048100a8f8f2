"""What a merchant does with what it was paid: giving it back, taking it out, and days that add up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, User
from accounts.services import organizations
from accounts.services.organizations import OrganizationNotFound, RoleNotEnough
from accounts.tests.factories import make_organization, make_person
from core.actors import acting_as_service
from core.ids import posting_id
from wallet import personal_payments
from wallet import services as wallet
from wallet.models import Merchant, MerchantPayment, PayLink
from wallet.refusals import InsufficientFunds
from wallet.services.merchants import applying, own_gateways, refunds, reports, settling
from wallet.services.merchants.links import LinkNotOpen
from wallet.services.requests.links import make_pay_link
from wallet.tests.asking import ask, state_of
from wallet.tests.factories import make_wallet
from wallet.tests.selling import again, buy, fresh, has, make_link, make_merchant, told


def give_back(sold: MerchantPayment, by: User | None, amount: int, **facts) -> None:
    facts = {"posting_id": posting_id(), "at": timezone.now(), **facts}
    refunds.refund(sold=sold, by=by, amount=amount, **facts)


def join(merchant: Merchant, name: str, role: str) -> User:
    person = make_person(name=name)
    with acting_as_service():
        Membership.objects.create(organization=merchant.organization, user=person, role=role)
    return person


def test_a_payment_goes_back_in_parts_up_to_what_was_paid(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=400_000), make_merchant(bola)
    buy(ada, purse, make_link(merchant))
    sold = buy(ada, purse, make_link(merchant, amount=100_000))
    give_back(sold, bola, 30_000)
    assert (fresh(sold).state, has(purse.pk)) == ("PARTLY_REFUNDED", 80_000)
    with pytest.raises(refunds.RefundNotPossible) as refused:
        give_back(fresh(sold), bola, 70_001)
    assert refused.value.data["refundable"] == 70_000
    give_back(fresh(sold), bola, 70_000)
    assert (fresh(sold).state, has(purse.pk)) == ("REFUNDED", 150_000)
    with pytest.raises(refunds.RefundNotPossible):
        give_back(fresh(sold), bola, 1)
    assert [event for event, _facts in told(merchant)][-1] == "merchant_payment.refunded"
    with acting_as_service():
        assert wallet.verify() == []


def test_giving_back_is_once_for_each_id_and_never_more_than_there_is(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=400_000), make_merchant(bola)
    sold, once = buy(ada, purse, make_link(merchant)), posting_id()
    for _again in range(2):
        give_back(sold, bola, 50_000, posting_id=once)
    assert (fresh(sold).refunded, has(purse.pk)) == (50_000, 200_000)
    with pytest.raises(InsufficientFunds):
        give_back(fresh(sold), bola, 200_000)
    assert fresh(sold).refunded == 50_000


def test_who_may_do_what_is_asked_of_the_membership(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=400_000), make_merchant(bola)
    sold = buy(ada, purse, make_link(merchant))
    admin, member = join(merchant, "Chidi Eze", "ADMIN"), join(merchant, "Efe Ojo", "MEMBER")
    take = {"merchant": merchant, "amount": 1_000, "at": timezone.now()}
    key = "sk_test_" + "a" * 30
    with pytest.raises(OrganizationNotFound):
        give_back(sold, ada, 1_000)
    with pytest.raises(RoleNotEnough):
        give_back(sold, member, 1_000)
    give_back(sold, admin, 1_000)
    for person in (admin, member):
        with pytest.raises(RoleNotEnough):
            settling.settle_to_wallet(by=person, posting_id=posting_id(), **take)
        with pytest.raises(RoleNotEnough):
            own_gateways.bring_gateway(merchant=merchant, by=person, secret_key=key)
    details = {"display_name": "New", "category": "FOOD", "support_email": "a@b.test"}
    with pytest.raises(RoleNotEnough):
        applying.change_merchant(merchant=merchant, by=member, **details)
    applying.change_merchant(merchant=merchant, by=admin, **details)
    assert again(merchant).display_name == "New"
    settling.settle_to_wallet(by=bola, posting_id=posting_id(), **take)


@pytest.mark.parametrize(
    "name", ["", "   ", "shop.example.com", "https://evil.test", "a\x00b", "…", "pay@me.ng"]
)
def test_a_name_that_goes_into_mails_carries_no_link(bola: User, name: str) -> None:
    with pytest.raises(applying.MerchantTextRefused):
        make_merchant(bola, name=name, firm=make_organization(owner=bola))


def test_an_organisation_applies_once_and_only_an_owner_does(ada: User, bola: User) -> None:
    merchant = make_merchant(bola, active=False)
    assert (merchant.state, merchant.account.code) == ("APPLIED", f"merchant:{merchant.organization_id}")
    with pytest.raises(applying.AlreadyAMerchant):
        make_merchant(bola, firm=merchant.organization)
    with pytest.raises(OrganizationNotFound):
        make_merchant(ada, firm=merchant.organization)


def test_taking_out_moves_to_the_owners_wallet_once(ada: User, bola: User) -> None:
    purse, mine, merchant = make_wallet(ada, amount=400_000), make_wallet(bola), make_merchant(bola)
    buy(ada, purse, make_link(merchant))
    once = posting_id()
    for _again in range(2):
        settling.settle_to_wallet(
            merchant=merchant, by=bola, posting_id=once, amount=200_000, at=timezone.now()
        )
    assert (has(merchant.account_id), has(mine.pk)) == (35_219, 200_000)
    with pytest.raises(InsufficientFunds):
        settling.settle_to_wallet(
            merchant=merchant, by=bola, posting_id=posting_id(), amount=35_220, at=timezone.now()
        )


def test_a_days_figures_are_what_the_balance_did(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=900_000), make_merchant(bola)
    sold = buy(ada, purse, make_link(merchant))
    buy(ada, purse, make_link(merchant, amount=100_001))
    give_back(sold, bola, 50_000)
    settling.settle_to_wallet(
        merchant=merchant, by=bola, posting_id=posting_id(), amount=60_000, at=timezone.now()
    )
    today = timezone.localdate()
    found = reports.report(merchant=merchant, since=today - timedelta(days=1), until=today)
    total = found.total
    assert (total.payments, total.gross, total.fees, total.taxes) == (2, 350_001, 13_750 + 1_500, 1_031 + 113)
    assert (total.refunds, total.settled, total.other, total.opening) == (50_000, 60_000, 0, 0)
    assert total.closing == has(merchant.account_id) == total.net - total.settled
    assert found.is_proven
    header, first, last = reports.rows_of(found)
    assert header[2] == "gross" and first[2] == last[2] == "3500.01" and last[0] == "total"


def test_days_without_movement_have_the_balance_before_them(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=900_000), make_merchant(bola)
    buy(ada, purse, make_link(merchant))
    tomorrow = timezone.localdate() + timedelta(days=1)
    found = reports.report(merchant=merchant, since=tomorrow, until=tomorrow)
    assert (found.days, found.total.opening, found.total.closing, found.is_proven) == (
        [],
        235_219,
        235_219,
        True,
    )


def test_a_report_that_does_not_add_up_says_so() -> None:
    day = reports.Day(timezone.localdate(), 1, 100, 2, 0, 0, 0, 0, 0, 97)
    assert not reports.Report(day.date, day.date, [day], day, 0).is_proven


def test_an_organisation_with_money_is_not_closed_and_one_without_takes_none(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=900_000), make_merchant(bola)
    link = make_link(merchant)
    buy(ada, purse, link)
    shut = {"organization_id": merchant.organization_id, "by": bola, "at": timezone.now()}
    with pytest.raises(applying.MoneyRemains):
        organizations.close(**shut)
    settling.settle_to_wallet(
        merchant=merchant, by=bola, posting_id=posting_id(), amount=235_219, at=timezone.now()
    )
    organizations.close(**shut)
    assert again(merchant).account.state == "CLOSED"
    with pytest.raises(LinkNotOpen):
        buy(ada, purse, link)


def test_whoever_leaves_takes_back_what_they_asked_and_ends_their_links(ada: User, bola: User) -> None:
    mine, theirs = ask(ada, bola), ask(bola, ada)
    link = make_pay_link(owner=ada, amount=None, at=timezone.now())
    with acting_as_service():
        personal_payments.close(user=ada, at=timezone.now())
        assert PayLink.objects.get(pk=link.pk).revoked_at
    assert (state_of(mine), state_of(theirs)) == ("CANCELLED", "DECLINED")
