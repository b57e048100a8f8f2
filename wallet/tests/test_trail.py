"""What changes in wallet leaves a line in the audit trail, once for each change."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import AuditEvent
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.errors import DomainError
from core.ids import posting_id, uuid7
from wallet import services as wallet
from wallet.models import Account, Payment
from wallet.services.posting import Line, post
from wallet.services.settlement import settle
from wallet.tests.ledger import place_overdue

pytestmark = pytest.mark.usefixtures("transactional_db")


def events(prefix: str) -> list[AuditEvent]:
    with acting_as_service():
        return list(AuditEvent.objects.filter(action__startswith=prefix).order_by("id"))


@pytest.fixture
def ada():
    return make_person(name="Ada Obi")


@pytest.fixture
def account(ada) -> Account:
    with acting_as_service():
        key = wallet.open_wallet(owner_id=ada.pk)
        clearing = wallet.system_account("PAYSTACK_CLEARING")
        post(posting_id=posting_id(), lines=[Line("DEPOSIT", clearing, key, 100_000)])
        return Account.objects.get(pk=key)


def test_opening_an_account_is_told_once(ada):
    with acting_as(ada):
        key = wallet.open_wallet(owner_id=ada.pk)
        assert wallet.open_wallet(owner_id=ada.pk) == key
    [event] = events("wallet.account.opened")
    assert (event.target_id, event.actor_id, event.data["owner"]) == (str(key), ada.pk, str(ada.pk))


def test_a_hold_is_told_when_it_is_placed_released_and_run_out(account, ada):
    first = uuid7()
    with acting_as_service():
        for _again in range(2):
            wallet.place_hold(hold_id=first, account_id=account.pk, amount=500, expires_at=None, reason="x")
        wallet.release_hold(hold_id=first)
    place_overdue(account.pk, 700)
    with acting_as_service():
        assert wallet.release_expired_holds() == 1
        assert wallet.release_expired_holds() == 0
    told = events("wallet.hold.")
    assert [(e.action.rpartition(".")[2], e.target_id) for e in told] == [
        ("placed", str(first)),
        ("released", str(first)),
        ("placed", told[2].target_id),
        ("expired", ""),
    ]
    assert told[0].data["amount"] == 500 and told[3].data == {"count": 1}


def test_a_hold_that_is_refused_is_not_told(account):
    with acting_as_service(), pytest.raises(DomainError):
        wallet.place_hold(hold_id=uuid7(), account_id=account.pk, amount=10**9, expires_at=None, reason="x")
    assert events("wallet.hold.") == []


def test_a_state_is_told_with_its_reason(account):
    with acting_as_service():
        wallet.set_state(account=account, state="FROZEN", reason="Asked by the owner")
    [event] = events("wallet.account.state_set")
    assert event.data == {"state": "FROZEN", "reason": "Asked by the owner"}


def test_a_gateway_is_told_without_its_key_and_a_payment_that_runs_out_once(account):
    wallet.install_gateway(
        code="paystack",
        kind="PAYSTACK",
        name="P",
        currencies=["NGN"],
        credentials={"secret_key": "sk_secret"},
    )
    [event] = events("wallet.gateway.installed")
    assert event.data == {"currencies": ["NGN"], "is_new": True}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    payment = wallet.create_payment(account=account, amount=10_000, at=at)
    late = payment.expires_at + timedelta(seconds=1)
    for _again in range(2):
        assert settle(payment_id=payment.pk, charge=None, at=late).state == Payment.State.EXPIRED
    assert [e.action for e in events("wallet.deposit.")] == [
        "wallet.deposit.started",
        "wallet.deposit.expired",
    ]
