"""Why a movement is there: by the very prices it was charged by, and by the refund or dispute that caused it."""

import pytest
from django.utils import timezone

from accounts.models import User
from core.actors import Origin, acting_as, acting_as_service, from_origin
from core.ids import posting_id
from wallet import services as wallet
from wallet.fees import STAMP_DUTY, Band
from wallet.gateways.capabilities import Dispute as SaidOfDispute
from wallet.gateways.capabilities import Refund as SaidOfRefund
from wallet.gateways.capabilities import Transfer
from wallet.models import Account, Dispute, Entry, FeeSchedule, Payment, Refund
from wallet.services import disputes, explaining
from wallet.services.refund_outcomes import settle_refund
from wallet.tests.factories import make_wallet
from wallet.tests.pages import text
from wallet.tests.payouts import bank_account_of, request
from wallet.tests.reconciling import Clearing
from wallet.tests.schedules import make_schedule

pytestmark = pytest.mark.django_db
SUM = 10_000_00


@pytest.fixture
def purse(ada: User) -> Account:
    return make_wallet(ada, amount=50_000_00, tier=3)


def causes(account: Account, posting, *, for_staff: bool = True) -> list[explaining.Cause]:
    with acting_as_service():
        entry = Entry.objects.of(account).of_posting(posting).order_by("version").first()
    return explaining.causes_of(entry=entry, for_staff=for_staff)


def schedules(account: Account, posting) -> set[int]:
    return {cause.row.pk for cause in causes(account, posting) if isinstance(cause.row, FeeSchedule)}


@pytest.mark.parametrize("noted", [True, False])
def test_a_transfer_is_told_by_the_very_schedule_it_was_charged_by(purse, ada, bola, noted):
    make_wallet(bola)
    with acting_as_service():
        old = FeeSchedule.objects.in_force(on=timezone.localdate(), currency="NGN").get(
            kind="TRANSFER", tier=None
        )
    with acting_as_service():
        charges = wallet.charges_of(source=purse, amount=SUM, at=timezone.now())
    make_schedule("TRANSFER", Band(STAMP_DUTY, 1, flat=75_00), tier=3)
    make_schedule("WITHDRAWAL", Band(STAMP_DUTY, 1, flat=50_00), tier=2)
    with acting_as(ada), from_origin(Origin(request_id="req_1") if noted else Origin()):
        posted = wallet.transfer(
            posting_id=posting_id(),
            source=purse,
            recipient_id=bola.pk,
            amount=SUM,
            charges=charges,
            at=timezone.now(),
        )
    assert charges.schedule_id == old.pk and schedules(purse, posted.id) == {old.pk}
    [told] = [
        cause for cause in causes(purse, posted.id, for_staff=False) if cause.row == old and not cause.private
    ]
    assert "since 1 January 2026" in str(told.label) and "₦50.00 from ₦10,000.00" in told.text


def test_a_withdrawal_is_told_by_the_schedule_that_was_noted_with_it(purse, ada, as_ada):
    Clearing()
    payout = request(purse, bank_account_of(ada), SUM)
    make_schedule("WITHDRAWAL", Band(STAMP_DUTY, 1, flat=1_00), tier=3)
    told = Transfer(payout.reference, "SUCCEEDED", SUM, "NGN", 2_500, "TRF_1", "", "", raw={})
    with acting_as_service():
        wallet.settle_payout(payout_id=payout.pk, transfer=told, at=timezone.now())
    assert schedules(purse, payout.posting_id) == {int(payout.fee_schedule)}
    page = as_ada.get(f"/transactions/{payout.posting_id}/why/")
    assert f'href="/withdrawals/{payout.pk}/"' in page.content.decode() and "Our prices since" in text(page)


@pytest.fixture
def payment(purse) -> Payment:
    """A deposit of Ada's own, credited."""
    clearing = Clearing()
    found = clearing.paid(250_000, posted=False)
    lines = [wallet.Line("DEPOSIT", clearing.account.pk, purse.pk, 250_000)]
    with acting_as_service():
        wallet.post(posting_id=found.posting_id, lines=lines)
        Payment.objects.filter(pk=found.pk).update(account=purse, state="SUCCEEDED")
        return Payment.objects.select_related("account", "gateway").get(pk=found.pk)


def test_money_that_went_back_names_its_refund_on_both_sides_of_its_way(purse, payment, as_ada):
    at = timezone.now()
    refund = wallet.request_refund(payment=payment, amount=100_000, reason="Twice", at=at)
    done, failed = (
        SaidOfRefund("r1", payment.reference, state, 100_000, "NGN", None, {})
        for state in ("SUCCEEDED", "FAILED")
    )
    posted = settle_refund(refund_id=refund.pk, said=done, at=at).posting_id
    assert refunds_told(purse, posted) == refunds_told(purse, payment.posting_id) == {refund.pk}
    page = as_ada.get(f"/transactions/{posted}/why/").content.decode()
    assert f'href="/refunds/{refund.pk}/"' in page
    settle_refund(refund_id=refund.pk, said=failed, at=at)
    with acting_as_service():
        back = Entry.objects.of(purse).order_by("version").last()
    assert back.change == 100_000 and refunds_told(purse, back.posting_id) == {refund.pk}


def test_what_a_bank_took_back_names_its_dispute(purse, payment, as_ada):
    at = timezone.now()
    for state in ("OPEN", "LOST"):
        said = SaidOfDispute("d1", payment.reference, state, 250_000, "NGN", "fraud", at, {})
        disputes.record_dispute(gateway=payment.gateway, said=said, at=at)
    with acting_as_service():
        found = Dispute.objects.get()
    told = [cause.row for cause in causes(purse, found.posting_id, for_staff=False)]
    assert found in told
    page = as_ada.get(f"/transactions/{payment.posting_id}/why/").content.decode()
    assert f'href="/disputes/{found.pk}/"' in page


def refunds_told(account: Account, posting) -> set:
    return {cause.row.pk for cause in causes(account, posting) if isinstance(cause.row, Refund)}
