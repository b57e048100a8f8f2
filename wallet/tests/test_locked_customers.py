"""A customer whose money is locked moves none of it, by whatever road; what is on its way still arrives."""

import json
from collections.abc import Callable
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.db import ProgrammingError
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, User
from accounts.services import account_life, personal_data
from accounts.tests.factories import make_person, prove_factor, sign_in
from core.actors import acting_as, acting_as_service
from core.ids import posting_id, uuid7
from wallet import services
from wallet.models import Account, Payment
from wallet.refusals import AccountNotEmpty, CustomerClosed, CustomerLocked, NotYourAccount
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.ledger import DOORS, ask, balances, give, post_one_line, refused

pytestmark = pytest.mark.django_db
STATES = {"LOCKED": CustomerLocked, "CLOSED": CustomerClosed}


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def bola() -> User:
    return make_person(name="Bola Ige")


@pytest.fixture
def purses(ada, bola) -> tuple[UUID, UUID]:
    return make_wallet(ada, amount=1_000).pk, make_wallet(bola, amount=1_000).pk


def set_status(user: User, status: str) -> None:
    with acting_as_service():
        Customer.objects.filter(pk=user.pk).update(status=status)


def send(ada: User, own: UUID, bola: User, other: UUID) -> None:
    ask("select wallet.send(%s, %s, %s, 'NGN', 1, '')", posting_id(), own, bola.pk)


def post_one(ada: User, own: UUID, bola: User, other: UUID) -> None:
    ask("select wallet.post_one(%s, 'TRANSFER', %s, %s, 1)", posting_id(), own, other)


def post(ada: User, own: UUID, bola: User, other: UUID) -> None:
    ask(
        "select wallet.post(%s, array['TRANSFER'], array[%s::uuid], array[%s::uuid], array[1::bigint])",
        posting_id(),
        own,
        other,
    )


def hold(ada: User, own: UUID, bola: User, other: UUID) -> None:
    ask("select wallet.place_hold(%s, %s, 1)", uuid7(), own)


def to_oneself(ada: User, own: UUID, bola: User, other: UUID) -> None:
    second = ask("select wallet.open_account(%s, 'WALLET', 'NGN')", ada.pk)[0][0]
    ask("select wallet.post_one(%s, 'TRANSFER', %s, %s, 1)", posting_id(), own, second)


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("road", [send, post_one, post, hold, to_oneself], ids=lambda road: road.__name__)
def test_raw_sql_moves_and_holds_nothing_of_a_locked_customers(
    road: Callable[..., None], status, ada, bola, purses
):
    own, other = purses
    set_status(ada, status)
    with acting_as(ada), refused(STATES[status]):
        road(ada, own, bola, other)
    assert balances(own, other) == [1_000, 1_000]
    set_status(ada, "ACTIVE")
    with acting_as(ada):
        send(ada, own, bola, other)
    assert balances(own, other) == [999, 1_001]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_a_locked_customer_still_reads_first_that_an_account_is_not_theirs(door, ada, bola, purses):
    own, other = purses
    set_status(ada, "LOCKED")
    with acting_as(ada), refused(NotYourAccount):
        door(posting_id(), "TRANSFER", other, own, 1)


def test_a_locked_customer_cannot_take_another_role_or_claim(ada, bola, purses):
    own, _other = purses
    set_status(ada, "LOCKED")
    with acting_as(ada), pytest.raises(ProgrammingError, match="permission denied"):
        ask("update accounts_customer set status = 'ACTIVE' where user_id = %s", ada.pk)
    with acting_as(ada), pytest.raises(ProgrammingError, match="permission denied"):
        ask("select wallet.require_sender()")
    assert balances(own) == [1_000]


def test_money_still_arrives_and_what_was_set_aside_is_still_paid_out(ada, bola, purses):
    own, other = purses
    with acting_as(ada):
        services.place_hold(
            hold_id=(held := uuid7()), account_id=own, amount=100, expires_at=None, reason="x"
        )
    set_status(ada, "LOCKED")
    give(own, 500)
    with acting_as(bola):
        ask("select wallet.post_one(%s, 'TRANSFER', %s, %s, 50)", posting_id(), other, own)
    with refused(CustomerLocked):
        post_one_line(own, other, 10)
    with acting_as_service():
        services.commit_hold(hold_id=held, posting_id=posting_id(), credit=other, amount=100, kind="TRANSFER")
    assert balances(own, other) == [1_450, 1_050]


def test_pages_and_the_api_refuse_by_name(ada, bola, purses):
    own, other = purses
    client = Client()
    sign_in(client, ada)
    prove_factor(ada)
    form = {"recipient": bola.email, "amount": "1", "note": ""}
    order = client.post("/send/", form).context["order"]
    set_status(ada, "LOCKED")
    page = client.post("/send/confirm/", {"order": order})
    assert page.status_code == 422
    assert "Your money is locked" in page.content.decode()
    with acting_as(ada):
        wallet = Account.objects.get(pk=own)
        with pytest.raises(CustomerLocked):
            services.transfer(
                posting_id=posting_id(), source=wallet, recipient_id=bola.pk, amount=1, at=timezone.now()
            )
    assert balances(own, other) == [1_000, 1_000]


def test_a_locked_customer_starts_no_deposit(ada, purses):
    install_sandbox()
    with acting_as_service():
        account = Account.objects.get(pk=purses[0])
    services.create_payment(account=account, amount=10_000, at=timezone.now())
    set_status(ada, "LOCKED")
    with pytest.raises(CustomerLocked):
        services.create_payment(account=account, amount=10_000, at=timezone.now())
    with acting_as_service():
        assert Payment.objects.count() == 1


# The wallet's part in closing and exporting


def titles(user: User) -> list[str]:
    return [str(blocker.title) for blocker in account_life.blockers_of(user=user)]


def test_what_is_left_in_the_wallet_keeps_an_account_open(ada, bola, purses):
    own, other = purses
    install_sandbox()
    with acting_as_service():
        account = Account.objects.get(pk=own)
    payment = services.create_payment(account=account, amount=10_000, at=timezone.now())
    with acting_as(ada):
        services.place_hold(
            hold_id=(held := uuid7()), account_id=own, amount=100, expires_at=None, reason="x"
        )
    assert titles(ada) == [
        "There is still money in your account",
        "Some of your money is on hold",
        "A payment of yours is still open",
    ]
    with pytest.raises(account_life.AccountNotClosable):
        account_life.close_account(user=ada, at=timezone.now())
    with acting_as_service():
        services.release_hold(hold_id=held)
        Payment.objects.filter(pk=payment.pk).update(state="EXPIRED")
    post_one_line(own, other, 1_000)
    assert titles(ada) == []
    account_life.close_account(user=ada, at=timezone.now())
    with acting_as_service():
        assert set(Account.objects.filter(owner=ada).values_list("state", flat=True)) == {"CLOSED"}


def test_money_that_comes_in_after_the_look_stops_the_closing_whole(ada, monkeypatch):
    make_wallet(ada, amount=5)
    monkeypatch.setattr(account_life.life, "blockers", [])
    with pytest.raises(AccountNotEmpty):
        account_life.close_account(user=ada, at=timezone.now())
    with acting_as_service():
        assert Customer.objects.get(pk=ada.pk).status == "ACTIVE"
        assert User.objects.get(pk=ada.pk).is_active


def test_the_export_has_the_persons_money_and_nobody_elses(ada, bola, purses):
    own, other = purses
    post_one_line(own, other, 25)
    post_one_line(make_wallet(make_person(), amount=77).pk, other, 77)
    with personal_data.write_export(user=ada) as file, ZipFile(file) as archive:
        files = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert [row["balance"] for row in files["accounts.json"]] == [975]
    assert [row["change"] for row in files["transactions.json"]] == [1_000, -25]
    assert files["payments.json"] == []
    assert str(other) not in json.dumps(files)
