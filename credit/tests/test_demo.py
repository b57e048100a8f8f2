"""The demo world's loans: one of each way that borrowing may stand, and books that agree with the loans."""

import pytest
from django.utils import timezone

from core.actors import acting_as_service
from credit.models import (
    AdverseAction,
    Application,
    Bid,
    Case,
    Contract,
    Loan,
    LoanRoll,
    LoanTransaction,
    Provider,
)
from credit.services.drawable import drawable_of
from credit.services.proving import prove
from wallet.services.books import verify
from wallet.tests.demo_world import make_demo_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_demo_world_borrows_in_every_way_and_its_books_are_right():
    make_demo_world()
    assert verify() == []
    with acting_as_service():
        stands = {one.user.email.split("@")[0]: one for one in Application.objects.select_related("user")}
        assert {name: one.state for name, one in stands.items()} == {
            "ada": "ACTIVE",
            "efe": "ACTIVE",
            "ngozi": "ACTIVE",
            "bola": "OFFERED",
            "fatima": "DECLINED",
            "musa": "SUBMITTED",
            "jumoke": "ACCEPTED",
        }
        assert set(Provider.objects.values_list("display_name", "state")) == {
            ("Alajo Credit", "ACTIVE"),
            ("Harvest Credit", "ACTIVE"),
        }
        offers = Bid.objects.filter(application=stands["bola"], state=Bid.State.LIVE)
        assert set(offers.values_list("provider__display_name", "rule__name")) == {
            ("Alajo Credit", "Good score"),
            ("Harvest Credit", None),
        }
        assert AdverseAction.objects.get(application=stands["fatima"]).reasons
        assert Case.objects.get(application=stands["musa"], decided_at=None).kind == Case.Kind.REFERRED
        late_and_paid_ahead()
        one_part_is_left(stands["ngozi"])


def one_part_is_left(application: Application) -> None:
    left = drawable_of(Contract.objects.get(application=application))
    assert left is not None and (left.drawn, left.left, left.parts_left) == (200_000_00, 100_000_00, 1)
    assert Loan.objects.get(pk=application.pk).position.overdue_days == 0


def late_and_paid_ahead() -> None:
    today, kinds = timezone.localdate(), LoanTransaction.Kind
    loans = {one.user.email.split("@")[0]: one for one in Loan.objects.select_related("user", "position")}
    for loan in loans.values():
        assert prove(loan) == []
        assert (loan.position.next_day, loan.position.parked_at) == (today, None)
    ada, efe = loans["ada"], loans["efe"]
    paid = ada.transactions.filter(kind=kinds.REPAYMENT).order_by("number")
    assert [row.amount for row in paid] == [45_600_00, 60_000_00]
    assert ada.position.overdue_days == 0 and ada.schedules.count() > 1
    assert 20 < efe.position.overdue_days < 30 and efe.position.bucket == "DAYS_1_30"
    assert efe.transactions.get(kind=kinds.PENALTY).amount == efe.position.penalties > 0
    assert set(efe.reminders.values_list("kind", flat=True)) == {"SOON", "TODAY", "LATE", "LATE_WEEK"}
    assert not LoanRoll.objects.filter(finished_at=None).exists()
