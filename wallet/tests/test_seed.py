"""The demo world: made once, whole, and only in development."""

from datetime import timedelta
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from accounts import factors
from accounts.models import ApiKey, Approval, AuditEvent, Invitation, Membership, Organization, User
from accounts.services import find_recipient
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet.models import (
    Account,
    Break,
    Checkpoint,
    GatewayRow,
    Hold,
    Payment,
    PaymentGateway,
    Reversal,
    Seal,
    Transaction,
)
from wallet.services.accounts import balance_of
from wallet.services.books import verify
from wallet.services.cooling_off import most
from wallet.services.gateways import adapter_of
from wallet.services.transfers import transfer
from wallet.tests.demo_world import make_demo_world, seed_demo_world

pytestmark = pytest.mark.django_db(transaction=True)


def seed() -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    return out.getvalue()


def counts() -> dict[str, int]:
    with acting_as_service():
        models = (
            User,
            EmailAddress,
            Authenticator,
            Account,
            Transaction,
            Payment,
            Hold,
            Reversal,
            Seal,
            Checkpoint,
            Organization,
            Membership,
            Invitation,
            ApiKey,
            Approval,
            GatewayRow,
            Break,
        )
        return {model.__name__: model.objects.count() for model in models}


def test_the_demo_world_is_whole_and_its_books_are_right():
    told = seed_demo_world()
    assert "ada@alajo.test" in told and "alajo-demo" in told
    assert verify() == []
    with acting_as_service():
        for email in ("ada@alajo.test", "bola@alajo.test", "agent@alajo.test", "admin@alajo.test"):
            user = User.objects.get(email=email)
            assert user.check_password("alajo-demo")
            assert EmailAddress.objects.get(user=user).verified
            assert factors.current_code(user=user)
        assert User.objects.get(email="agent@alajo.test").groups.count() == 3
        ada = Account.objects.wallets().get(owner__email="ada@alajo.test")
        assert ada.balance > 0 and ada.held == 1_000_000
        assert Reversal.objects.count() == 1
        shop = Organization.objects.get(name="Kasuwa Stores")
        roles = dict(shop.memberships.values_list("user__email", "role"))
        assert roles == {"bola@alajo.test": "OWNER", "ada@alajo.test": "MEMBER"}
        assert shop.api_keys.get().mode == "TEST" and "alj_test" not in told
        assert Seal.objects.exists() and Checkpoint.objects.exists()
        assert adapter_of(PaymentGateway.objects.get(code="paystack"))
        for payment in Payment.objects.all():
            assert Transaction.objects.of_posting(payment.posting_id).count() == 2
    ada_can_send_much_on_the_first_day()


def ada_can_send_much_on_the_first_day() -> None:
    """Her second step is weeks old, so the rule for new ones, which is as ever, does not hold her back."""
    amount, at = 100_000_00, timezone.now()
    with acting_as_service():
        ada = User.objects.get(email="ada@alajo.test")
        purse, bola = Account.objects.wallets().get(owner=ada), find_recipient(text="bola@alajo.test")
        assert most(currency="NGN", at=at) < amount <= purse.available
        added = AuditEvent.objects.get(action="accounts.factor.added", actor_id=ada.pk)
        assert at - added.recorded_at > timedelta(days=20)
    with acting_as(ada):
        transfer(
            posting_id=posting_id(),
            source=purse,
            recipient_id=bola.user_id,
            amount=amount,
            note="Rent",
            at=at,
        )


def test_the_gateway_tells_the_same_of_the_demo_world_but_for_one_fee():
    make_demo_world()
    with acting_as_service():
        told, account = GatewayRow.objects.order_by("id"), Account.objects.get(code="PAYSTACK_CLEARING")
        [found] = Break.objects.all()
        assert (found.kind, found.state) == ("FEE", "OPEN")
        assert found.gateway_amount == found.book_amount - 2_500
        assert told.count() == told.exclude(key=F("id")).count() > 20
        assert told.last().balance == 0
        assert sum(told.values_list("change", flat=True)) == balance_of(account.pk) - 2_500


def test_seeding_again_adds_nothing():
    make_demo_world()
    before = counts()
    seed()
    assert counts() == before


def test_where_there_is_no_sandbox_nothing_is_seeded(settings):
    settings.SANDBOX = False
    with pytest.raises(CommandError):
        seed()
    assert counts()["User"] == 0
