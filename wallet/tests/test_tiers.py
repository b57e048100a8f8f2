"""A wallet holds what its owner's tier allows, whoever opens it."""

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Customer
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.models import Account, TierRule
from wallet.refusals import BalanceCapExceeded

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_a_wallet_is_capped_by_the_rule_of_its_owners_tier(tier):
    ada = make_person()
    with acting_as_service():
        Customer.objects.filter(user=ada).update(tier=tier)
        rule = TierRule.objects.in_force(currency="NGN", on=timezone.localdate()).get(tier=tier)
    with acting_as(ada):
        wallet.open_wallet(owner_id=ada.id)
        assert Account.objects.visible_to(ada).get().cap == rule.balance_cap


def test_a_customer_who_opens_a_wallet_by_raw_sql_gets_the_same_cap_and_cannot_pass_it():
    ada = make_person()
    with acting_as(ada), connection.cursor() as cursor:
        cursor.execute("select wallet.open_account(%s, 'WALLET', 'NGN')", [ada.id])
        account = Account.objects.visible_to(ada).get()
    with acting_as_service():
        clearing = wallet.system_account("PAYSTACK_CLEARING")
        with pytest.raises(BalanceCapExceeded):
            line = wallet.Line("DEPOSIT", clearing, account.pk, account.cap + 1)
            wallet.post(posting_id=posting_id(), lines=[line])
        line = wallet.Line("DEPOSIT", clearing, account.pk, account.cap)
        wallet.post(posting_id=posting_id(), lines=[line])
        assert wallet.balance_of(account.pk) == account.cap
