"""Files of payouts out of an organisation's account: who may, when it takes two people, and each line once."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services.organizations import OrganizationNotFound, RoleNotEnough
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as, acting_as_service
from wallet import payout_tasks
from wallet.models import Account, Bank, BankAccount, BulkPayout, Merchant, PaymentGateway, Payout
from wallet.refusals import InsufficientFunds
from wallet.services import bulk
from wallet.services.bulk import BulkOver, NobodyElse, confirming
from wallet.services.merchants import applying, settling
from wallet.services.merchants.applying import MerchantNotActive
from wallet.tests.deposits import at_once, notices
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.ledger import trust_new_factors
from wallet.tests.pages import browser_of, text
from wallet.tests.payouts import NAIRA, at_sandbox, decide, money
from wallet.tests.selling import again, buy, make_link, make_merchant, told
from wallet.tests.test_bulk_payouts import FEE, HEAD, lines, numbers

HAS = 3_000_000 * NAIRA
LITTLE, MUCH = 500 * NAIRA, 400_000 * NAIRA
pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant(ada: User, bola: User) -> Merchant:
    install_sandbox()
    return rich_merchant(ada, bola)


def rich_merchant(payer: User, owner: User) -> Merchant:
    with acting_as_service():
        gateway = PaymentGateway.objects.get(code="paystack")
        Bank.objects.get_or_create(
            gateway=gateway, code="058", defaults={"name": "Guaranty Trust Bank", "read_at": timezone.now()}
        )
    made = make_merchant(owner)
    buy(payer, make_wallet(payer, amount=HAS, tier=3), make_link(made, amount=HAS))
    return again(made)


def member(merchant: Merchant, role: str, name: str = "Chidi Eze") -> User:
    person = make_person(name=name)
    with acting_as_service():
        merchant.organization.memberships.create(user=person, role=role)
    return person


def sheet(amount: int, many: int = 1) -> str:
    return HEAD + "".join(f"{number},058,{amount // NAIRA},,Pay\n" for number in numbers(many))


def upload(merchant: Merchant, by: User, content: str, **facts: Any) -> BulkPayout:
    facts = {"at": timezone.now(), "organization_id": merchant.organization_id, **facts}
    return bulk.upload(by=by, account=merchant.account, name="salaries.csv", raw=content.encode(), **facts)


def confirm(found: BulkPayout, by: User | None, at: Any = None) -> str:
    return bulk.confirm(bulk=found, by=by, at=at or timezone.now()).state


def test_little_is_paid_by_one_and_each_line_once(merchant: Merchant, bola: User) -> None:
    found = upload(merchant, bola, lines(3))
    assert (found.owner, found.uploaded_by, found.amount) == (None, bola, 3 * LITTLE)
    assert [confirm(found, bola) for _twice in range(2)] == ["RUNNING", "RUNNING"]
    with acting_as_service():
        now = BulkPayout.objects.get()
    assert (now.confirmed_by_id, now.takes_two) == (bola.pk, False)


def test_much_waits_for_another_who_may_be_an_administrator(merchant: Merchant, bola: User) -> None:
    admin, other = member(merchant, "ADMIN"), member(merchant, "OWNER", "Efe Ojo")
    member(merchant, "MEMBER", "Ngozi Umeh")
    found = upload(merchant, admin, sheet(MUCH, 2))
    assert [confirm(found, admin) for _twice in range(2)] == ["WAITING", "WAITING"]
    assert notices().count("bulk.waiting") == 2
    with acting_as_service(), pytest.raises(IntegrityError), transaction.atomic():
        BulkPayout.objects.filter(pk=found.pk).update(
            state="RUNNING", confirmed_at=timezone.now(), confirmed_by=admin
        )
    assert confirm(found, other) == "RUNNING"
    with acting_as_service():
        now = BulkPayout.objects.get()
    assert (now.uploaded_by_id, now.confirmed_by_id, now.takes_two) == (admin.pk, other.pk, True)


def test_files_cut_in_pieces_are_counted_together(merchant: Merchant, bola: User) -> None:
    member(merchant, "ADMIN")
    files = [upload(merchant, bola, sheet(confirming.ALONE // 2)) for _one in range(3)]
    assert [confirm(found, bola) for found in files] == ["RUNNING", "RUNNING", "WAITING"]
    # A day later it is another day; what the other confirmed counts for nobody.
    late = timezone.now() + timedelta(hours=25)
    fresh = upload(merchant, bola, sheet(confirming.ALONE), at=late)
    assert confirm(fresh, bola, late) == "RUNNING"


@pytest.mark.django_db(transaction=True)
def test_two_files_at_once_do_not_pass_together(merchant: Merchant, bola: User) -> None:
    member(merchant, "ADMIN")
    files = [upload(merchant, bola, sheet(confirming.ALONE)) for _one in range(3)]
    assert at_once(*[lambda found=found: confirm(found, bola) for found in files]) == []
    with acting_as_service():
        states = sorted(BulkPayout.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["RUNNING", "WAITING", "WAITING"]


def test_where_there_is_nobody_else_it_is_said_so(merchant: Merchant, bola: User) -> None:
    found = upload(merchant, bola, sheet(MUCH, 2))
    with pytest.raises(NobodyElse):
        confirm(found, bola)
    member(merchant, "MEMBER")
    with pytest.raises(NobodyElse):
        confirm(found, bola)


def test_members_and_strangers_do_nothing(merchant: Merchant, ada: User, bola: User) -> None:
    plain, found = member(merchant, "MEMBER"), upload(merchant, bola, lines(1))
    for person, error in ((plain, RoleNotEnough), (ada, OrganizationNotFound)):
        with pytest.raises(error):
            upload(merchant, person, lines(1))
        with pytest.raises(error):
            confirm(found, person)
        with pytest.raises(error):
            bulk.discard(bulk=found, by=person, at=timezone.now())
        with acting_as(person):
            assert not BulkPayout.objects.exists()
    with pytest.raises(RoleNotEnough):
        confirm(found, None)


def test_one_who_left_meanwhile_approves_nothing(merchant: Merchant, bola: User) -> None:
    admin = member(merchant, "ADMIN")
    found = upload(merchant, bola, sheet(MUCH, 2))
    confirm(found, bola)
    with acting_as_service():
        merchant.organization.memberships.filter(user=admin).delete()
    with pytest.raises(OrganizationNotFound):
        confirm(found, admin)


def test_what_waits_too_long_is_put_aside_or_not_covered_is_not_paid(merchant: Merchant, bola: User) -> None:
    admin, at = member(merchant, "ADMIN"), timezone.now()
    old, gone = (upload(merchant, bola, sheet(MUCH, 2)) for _one in range(2))
    for found in (old, gone):
        confirm(found, bola)
    with pytest.raises(BulkOver):
        confirm(old, admin, at + confirming.WAITING_FOR + timedelta(minutes=1))
    bulk.discard(bulk=gone, by=admin, at=at)
    with pytest.raises(BulkOver):
        confirm(gone, admin)
    fine = upload(merchant, bola, lines(1))
    applying.suspend(merchant=merchant, by=bola, reason="looked into", at=at)
    with pytest.raises(MerchantNotActive):
        confirm(fine, bola)
    applying.activate(merchant=again(merchant), by=bola, reason="all well", at=at)
    dear = upload(merchant, bola, sheet(9_000_000 * NAIRA))
    with pytest.raises(InsufficientFunds):
        confirm(dear, bola)


@pytest.mark.django_db(transaction=True)
def test_its_lines_are_paid_from_the_organisations_account_and_told_to_it(
    paystack: str, settings, ada: User, bola: User
) -> None:
    settings.SANDBOX_TRANSFER_SECONDS = 3600
    merchant = rich_merchant(ada, bola)
    before = money(merchant.account)[0]
    found = upload(merchant, bola, lines(2))
    confirm(found, bola)
    payout_tasks.pay_files()
    with acting_as_service():
        first, second = Payout.objects.select_related("bank_account").order_by("pk")
        assert BankAccount.objects.saved().count() == 0
        assert first.bank_account.organization_id == merchant.organization_id
        assert BulkPayout.objects.get().state == "DONE"
    assert [len(at_sandbox(payout)) for payout in (first, second)] == [1, 1]
    assert first.account_id == merchant.account_id and settling.payouts_of(merchant, limit=5) == []
    decide(first, "SUCCESS")
    decide(second, "FAILED")
    assert money(merchant.account) == (before - LITTLE - FEE, 0)
    assert [event for event, _facts in told(merchant) if event.startswith("withdrawal")] == [
        "withdrawal.succeeded",
        "withdrawal.failed",
    ]
    assert "bulk.done" in notices() and notices()[-1] == "merchant.line_failed"
    assert "merchant.settlement_succeeded" not in notices()
    shown = browser_of(bola).get(f"/organizations/{merchant.organization.slug}/payments/files/{found.pk}/")
    assert "Not sent" in text(shown) and f"/withdrawals/{first.pk}" not in shown.content.decode()
    assert "a payment of a file was not sent" in text(browser_of(bola).get("/notices/"))


class TestPages:
    @pytest.fixture(autouse=True)
    def _trusted(self, db: None) -> None:
        trust_new_factors()

    @pytest.fixture
    def place(self, merchant: Merchant) -> str:
        return f"/organizations/{merchant.organization.slug}/payments/files/"

    def proven(self, person: User) -> Client:
        client = browser_of(person)
        prove_factor(person)
        return client

    def send(self, browser: Client, place: str, content: str) -> str:
        return browser.post(place, {"file": File("may.csv", content.encode())})["Location"]

    def test_one_uploads_and_another_approves(self, place: str, merchant: Merchant, bola: User) -> None:
        admin = member(merchant, "ADMIN")
        browser, other = self.proven(bola), self.proven(admin)
        file = self.send(browser, place, sheet(MUCH, 2))
        assert file.startswith(place) and "Pay 2 lines" in text(browser.get(file))
        assert browser_of(bola).post(f"{file}confirm/")["Location"] != file
        assert browser.post(f"{file}confirm/")["Location"] == file
        page = text(browser.get(file))
        assert "Another person approves it" in page and "Approve and pay" not in page
        browser.post(f"{file}confirm/")
        assert "waits for your approval" in text(other.get("/notices/"))
        page = text(other.get(file))
        assert "Bola Adé uploaded it" in page and "Approve and pay" in page
        assert other.post(f"{file}confirm/")["Location"] == file
        assert "Being paid" in text(other.get(file))
        result = other.get(f"{file}result.csv").content.decode()
        assert "400000.00" in result
        assert "may.csv" in text(other.get(place))

    def test_another_desk_and_members_find_nothing(
        self, place: str, merchant: Merchant, ada: User, bola: User
    ) -> None:
        file = self.send(self.proven(bola), place, lines(1))
        number = file.removeprefix(place)
        elsewhere = f"/organizations/{make_merchant(ada, name='Ada Foods').organization.slug}/payments/files/"
        assert browser_of(ada).get(f"{elsewhere}{number}").status_code == 404
        assert browser_of(bola).get(f"/payouts/{number}").status_code == 404
        plain = browser_of(member(merchant, "MEMBER"))
        assert [plain.get(page).status_code for page in (place, file)] == [404, 404]
        make_wallet(bola)
        assert browser_of(bola).get("/payouts/").context["earlier"] == []
        other = self.proven(bola)
        assert other.post(f"{file}discard/")["Location"] == place
        assert "put aside" in text(other.get(file))


def test_a_customers_file_takes_one_however_large(merchant: Merchant, ada: User) -> None:
    purse: Account = make_wallet(ada, amount=HAS)
    found = bulk.upload(by=ada, account=purse, name="x.csv", raw=sheet(MUCH, 2).encode(), at=timezone.now())
    assert (found.owner, found.uploaded_by, bulk.confirm(bulk=found, by=ada, at=timezone.now()).state) == (
        ada,
        None,
        "RUNNING",
    )
