"""Row security: a merchant's rows are its organisation's, in raw SQL too; nobody but the service writes them."""

import psycopg
import pytest
from django.db import Error, connection, transaction

from accounts.models import Membership, User
from accounts.tests.factories import make_person
from core.actors import OrganizationCaller, acting_as, acting_as_anon, acting_as_service
from core.ids import uuid7
from wallet.models import Merchant, MerchantPayment, PaymentLink
from wallet.tests.factories import make_wallet
from wallet.tests.selling import buy, make_link, make_merchant

TABLES = ("merchant", "paymentlink", "merchantpayment", "merchantrefund", "merchantsettlement")


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from wallet_{table}")
        return int(cursor.fetchone()[0])


@pytest.fixture
def merchant(ada: User, bola: User) -> Merchant:
    found = make_merchant(bola)
    buy(ada, make_wallet(ada, amount=400_000), make_link(found))
    return found


def test_members_see_their_organisations_rows_and_nobody_else_does(
    merchant: Merchant, ada: User, bola: User
) -> None:
    member, stranger = make_person(name="Efe Ojo"), make_person(name="Kemi Ade")
    make_merchant(stranger, name="Kemi Hair")
    with acting_as_service():
        Membership.objects.create(organization=merchant.organization, user=member, role="MEMBER")
    for person in (bola, member):
        with acting_as(person):
            assert [count(table) for table in TABLES[:3]] == [1, 1, 1]
    with acting_as(stranger):
        assert [count(table) for table in TABLES[:3]] == [1, 0, 0]
        assert not MerchantPayment.objects.filter(merchant=merchant).exists()
    with acting_as(ada):
        assert [count(table) for table in TABLES] == [0] * 5


def test_a_key_sees_its_own_organisations_rows(merchant: Merchant) -> None:
    mine = OrganizationCaller(id=merchant.organization_id, key_id=uuid7(), mode="LIVE")
    others = OrganizationCaller(id=uuid7(), key_id=uuid7(), mode="LIVE")
    with acting_as(mine):
        assert PaymentLink.objects.visible_to(mine).count() == count("paymentlink") == 1
    with acting_as(others):
        assert count("paymentlink") == count("merchantpayment") == 0


@pytest.mark.parametrize("table", TABLES)
def test_the_world_may_not_even_ask(db: None, table: str) -> None:
    with acting_as_anon(), pytest.raises(Error) as refused, transaction.atomic():
        count(table)
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize(
    "statement",
    [
        "update wallet_merchant set state = 'ACTIVE'",
        "update wallet_paymentlink set amount = 1",
        "update wallet_merchantpayment set refunded = 0",
        "insert into wallet_merchantsettlement select * from wallet_merchantsettlement",
        "delete from wallet_merchantpayment",
    ],
)
def test_not_even_an_owner_writes(merchant: Merchant, bola: User, statement: str) -> None:
    with (
        acting_as(bola),
        pytest.raises(Error) as refused,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_whoever_left_sees_nothing_any_more(merchant: Merchant, bola: User) -> None:
    with acting_as_service():
        Membership.objects.filter(user=bola).delete()
    with acting_as(bola):
        assert [count(table) for table in TABLES] == [0] * 5
