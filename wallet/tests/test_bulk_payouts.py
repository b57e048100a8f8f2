"""Files of payouts through the sandbox: each line once, whoever dies, and what is refused is told by line."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import payout_tasks
from wallet.models import Account, Bank, BankAccount, BulkPayout, BulkPayoutRow, PaymentGateway
from wallet.refusals import DailySendingLimitExceeded, InsufficientFunds
from wallet.sandbox.banks import is_sound
from wallet.sandbox.models import SandboxTransfer
from wallet.services import bulk
from wallet.services.bulk import BulkOver
from wallet.tests.deposits import at_once, calls_answered_again, fault, notices
from wallet.tests.factories import make_wallet
from wallet.tests.payouts import NAIRA, money

HEAD = "account_number,bank,amount,name,note\n"
EACH = 500 * NAIRA
FEE = 1_075


@pytest.fixture
def person(transactional_db) -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def purse(person, paystack) -> Account:
    at = timezone.now()
    with acting_as_service():
        gateway = PaymentGateway.objects.get(code="paystack")
        Bank.objects.create(gateway=gateway, code="058", name="Guaranty Trust Bank", read_at=at)
    return make_wallet(person, amount=100_000 * NAIRA, tier=3)


def numbers(many: int) -> list[str]:
    """Sound account numbers of that bank."""
    return [f"{n:09}{d}" for n in range(1, many + 1) for d in range(10) if is_sound("058", f"{n:09}{d}")]


def lines(many: int) -> str:
    return HEAD + "".join(f"{number},058,500,,Pay {n}\n" for n, number in enumerate(numbers(many)))


def upload(person: User, purse: Account, text: str) -> BulkPayout:
    return bulk.upload(by=person, account=purse, name="may.csv", raw=text.encode(), at=timezone.now())


def rows(found: BulkPayout) -> list[tuple[int, str, str]]:
    with acting_as_service():
        lines = BulkPayoutRow.objects.filter(bulk=found).order_by("number")
        return list(lines.values_list("number", "state", "code"))


def test_a_file_is_looked_at_confirmed_and_paid_line_by_line(person, purse):
    found = upload(person, purse, lines(3) + "1,058,500,,\n")
    assert (found.rows, found.amount, found.fee) == (4, 3 * EACH, 3 * FEE)
    assert money(purse) == (100_000 * NAIRA, 0)
    bulk.confirm(bulk=found, at=timezone.now())
    payout_tasks.pay_files()
    assert [state for _number, state, _code in rows(found)] == ["ORDERED"] * 3 + ["WRONG"]
    with acting_as_service():
        assert SandboxTransfer.objects.count() == 3
        assert BankAccount.objects.saved().count() == 0
        progress = bulk.progress_of(bulk=found)
        assert BulkPayout.objects.get(pk=found.pk).state == "DONE"
    assert (progress.wrong, progress.on_the_way + progress.arrived) == (1, 3)
    assert "bulk.done" in notices()


def test_a_line_whose_account_has_another_name_or_none_is_refused_and_the_rest_goes_on(person, purse):
    good = numbers(2)
    unsound = f"{good[0][:9]}{(int(good[0][9]) + 1) % 10}"
    text = HEAD + f"{good[0]},058,500,Somebody Else Entirely,\n{unsound},058,500,,\n{good[1]},058,500,,\n"
    found = upload(person, purse, text)
    bulk.confirm(bulk=found, at=timezone.now())
    payout_tasks.pay_files()
    assert [code for _number, _state, code in rows(found)] == ["name_differs", "account_not_resolved", ""]


def test_each_line_is_paid_once_by_many_workers_and_twice_confirmed(person, purse):
    found = upload(person, purse, lines(6))
    steps = [lambda: bulk.confirm(bulk=found, at=timezone.now())] * 3 + [payout_tasks.pay_files] * 4
    assert at_once(*steps) == []
    payout_tasks.pay_files()
    with acting_as_service():
        assert SandboxTransfer.objects.count() == 6
    balance, held = money(purse)
    assert balance - held == 100_000 * NAIRA - 6 * (EACH + FEE)


def test_while_the_gateway_is_down_lines_wait(person, purse):
    found = upload(person, purse, lines(2))
    bulk.confirm(bulk=found, at=timezone.now())
    fault("HTML_503", endpoint="resolve", remaining=3)
    payout_tasks.pay_files()
    assert [state for _number, state, _code in rows(found)] == ["WAITING"] * 2
    calls_answered_again()
    payout_tasks.pay_files()
    assert [state for _number, state, _code in rows(found)] == ["ORDERED"] * 2


def test_what_is_not_covered_or_over_the_limit_pays_no_line(person, purse):
    with acting_as_service():
        found = upload(person, purse, HEAD + f"{numbers(1)[0]},058,99999,,\n")
        with pytest.raises(InsufficientFunds):
            bulk.confirm(bulk=found, at=timezone.now())
    poor = make_wallet(make_person(name="Bola Ade"), amount=100_000 * NAIRA, tier=1)
    with acting_as_service():
        owner = User.objects.get(pk=poor.owner_id)
    over = upload(owner, poor, HEAD + "".join(f"{number},058,20000,,\n" for number in numbers(3)))
    with pytest.raises(DailySendingLimitExceeded):
        bulk.confirm(bulk=over, at=timezone.now())


def test_a_file_that_was_put_aside_or_is_a_day_old_is_not_paid(person, purse):
    old, gone = upload(person, purse, lines(1)), upload(person, purse, lines(1))
    with pytest.raises(BulkOver):
        bulk.confirm(bulk=old, at=timezone.now() + timedelta(hours=25))
    bulk.discard(bulk=gone, at=timezone.now())
    with pytest.raises(BulkOver):
        bulk.confirm(bulk=gone, at=timezone.now())


def test_the_result_says_of_each_line_what_became_of_it(person, purse):
    found = upload(person, purse, lines(1) + "1,058,500,,\n")
    bulk.confirm(bulk=found, at=timezone.now())
    payout_tasks.pay_files()
    with acting_as_service():
        paid, wrong = bulk.result_rows(bulk=found)
    assert (paid[0], paid[2][:6], paid[4], paid[5]) == (2, "******", "500.00", "10.75")
    assert paid[6] in ("SENT", "SUCCEEDED") and paid[7].startswith("alj-")
    assert (wrong[6], wrong[8]) == ("WRONG", "NO_NUMBER")
