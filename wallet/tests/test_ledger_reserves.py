"""Setting aside many amounts in one statement: what fits is placed, and what does not says why."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError
from django.utils import timezone

from accounts.models import AuditEvent
from core.actors import acting_as, acting_as_service
from core.ids import uuid7
from wallet import services
from wallet.models import Account, Hold
from wallet.refusals import AccountNotFound, AmountNotPositive, LedgerRefusal
from wallet.services import Reserve
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import give, place_overdue, uncounted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books_add_up(db: Any) -> Any:
    with acting_as_service():
        yield
        assert services.verify() == []


def reserve(account: UUID, amount: int, **facts: Any) -> Reserve:
    return Reserve(
        **{"hold_id": uuid7(), "account_id": account, "amount": amount, "expires_at": None} | facts
    )


def held(account: UUID) -> int:
    return Account.objects.get(pk=account).held


def test_what_fits_is_placed_in_the_order_given_and_the_rest_says_why() -> None:
    rich, poor = uncounted(1_000), uncounted(100)
    asked = [reserve(rich, 700), reserve(poor, 100), reserve(rich, 400), reserve(rich, 300), reserve(poor, 1)]
    refused = services.reserve_many(reserves=asked, reason="loan")
    assert refused == {asked[2].hold_id: "insufficient_funds", asked[4].hold_id: "insufficient_funds"}
    assert (held(rich), held(poor)) == (1_000, 100)
    placed = Hold.objects.filter(reason="loan", state=Hold.State.OPEN)
    assert {hold.pk for hold in placed} == {asked[0].hold_id, asked[1].hold_id, asked[3].hold_id}
    assert AuditEvent.objects.filter(action="wallet.hold.placed").count() == 3


def test_the_same_again_places_nothing_more_and_other_content_is_another_hold() -> None:
    source = uncounted(1_000)
    asked = [reserve(source, 300), reserve(source, 200)]
    for _ in range(2):
        assert services.reserve_many(reserves=asked, reason="loan") == {}
    assert held(source) == 500
    changed = [reserve(source, 301, hold_id=asked[0].hold_id), reserve(source, 500)]
    assert services.reserve_many(reserves=changed, reason="loan") == {asked[0].hold_id: "hold_id_reused"}
    assert held(source) == 1_000
    own, other = uuid7(), uncounted(5)
    services.place_hold(hold_id=own, account_id=other, amount=5, expires_at=None, reason="")
    taken = [reserve(other, 5, hold_id=own)]
    assert services.reserve_many(reserves=taken, reason="loan") == {own: "hold_id_reused"}
    with pytest.raises(ValueError, match="named once"):
        services.reserve_many(reserves=[asked[0], asked[0]], reason="loan")
    assert AuditEvent.objects.filter(action="wallet.hold.placed").count() == 4


def test_what_is_overdue_makes_room_and_what_is_over_already_is_not_placed() -> None:
    source = uncounted(1_000)
    place_overdue(source, 800)
    over = reserve(source, 100, expires_at=timezone.now() - timedelta(seconds=1))
    until = reserve(source, 900, expires_at=timezone.now() + timedelta(days=1))
    assert services.reserve_many(reserves=[over, until], reason="loan") == {over.hold_id: "expiry_in_past"}
    assert held(source) == 900


def test_an_account_that_may_not_pay_is_passed_over_and_one_that_is_not_there_refuses_all() -> None:
    frozen, fine = uncounted(1_000), uncounted(1_000)
    services.set_state(account=Account.objects.get(pk=frozen), state="FROZEN", reason="a court")
    asked = [reserve(frozen, 1), reserve(fine, 1)]
    assert list(services.reserve_many(reserves=asked, reason="loan")) == [asked[0].hold_id]
    assert (held(frozen), held(fine)) == (0, 1)
    for wrong, refusal in ((reserve(uuid7(), 1), AccountNotFound), (reserve(fine, 0), AmountNotPositive)):
        with pytest.raises(refusal):
            services.reserve_many(reserves=[reserve(fine, 1), wrong], reason="loan")
    assert held(fine) == 1


def test_it_counts_towards_no_limit_and_no_customer_may_call_it(ada: Any) -> None:
    purse = make_wallet(ada, tier=1).pk
    give(purse, 10_000)
    before = Account.objects.get(pk=purse).sent
    assert services.reserve_many(reserves=[reserve(purse, 10_000)], reason="loan") == {}
    assert Account.objects.get(pk=purse).sent == before
    with acting_as(ada), pytest.raises((ProgrammingError, LedgerRefusal)):
        services.reserve_many(reserves=[reserve(purse, 1)], reason="loan")
