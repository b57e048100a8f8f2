"""The demo world: made once, whole, and only in development."""

from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from accounts import factors
from accounts.models import ApiKey, Approval, Invitation, Membership, Organization, User
from core.actors import acting_as_service
from wallet.models import Account, Checkpoint, Hold, Payment, PaymentGateway, Reversal, Seal, Transaction
from wallet.services.books import verify
from wallet.services.gateways import adapter_of
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
        ada = Account.objects.get(owner__email="ada@alajo.test")
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
