"""Money at Xpress Wallet, which cannot be asked twice, meets every fault in every state: see docs/faults.md."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count

from django.utils import timezone

from accounts.models import Customer
from accounts.tests.declaring import declare
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import money_in_tasks, tasks
from wallet import services as wallet
from wallet.models import Case, Payment, PaymentGateway, WebhookEvent
from wallet.sandbox.models import SandboxXpressRow
from wallet.sandbox.xpress_wallet import movements
from wallet.services.banks import payouts_of
from wallet.tests.deposits import balance, balances, fault, no_worker
from wallet.tests.factories import make_wallet
from wallet.tests.faults import check_table, webhooks_again
from wallet.tests.money_in import own_number
from wallet.tests.payouts import NAIRA, check, money, now, order, request
from wallet.tests.xpress_wallet import CODE, add_bank_account, decide, pay_in, sent, there

HAS = 20_000 * NAIRA


def gap() -> Decimal:
    """How much more is there for us than our books say (kobo): its wallets begin with the first question."""
    with acting_as_service():
        gateway = PaymentGateway.objects.get(pk=CODE)
    payouts_of(gateway).balance(currency="NGN")
    with acting_as_service():
        return there() * 100 - wallet.balance_of(wallet.system_account("XPRESS_WALLET_CLEARING"))


class Withdrawal:
    """What one customer sends to a bank, brought to a state by `bring`, which returns what happens next."""

    def __init__(self, bring: Callable[["Withdrawal"], Callable[[], object]]) -> None:
        person = make_person()
        self.purse = make_wallet(person, amount=HAS)
        self.gap = gap()
        self.payout = request(self.purse, add_bank_account(person))
        self.step = bring(self)

    def state(self) -> str:
        with acting_as_service():
            case = Case.objects.filter(reference=self.payout.reference, state="OPEN").first()
        return f"{now(self.payout).state}, {case.data['why']}" if case else str(now(self.payout).state)

    def end(self) -> None:
        """What waits there arrives; then all is told again, and asked about twice."""
        self._ask()
        self.arrive()
        webhooks_again(self.payout.reference)
        self._ask()
        self._ask(hours=2)

    def check(self) -> None:
        """One transfer was made at most, and the account, and what is there for us, are as the state says.

        Parts of a kobo are left to the books' account of them.
        """
        found, rows = now(self.payout), sent(self.payout)
        left = {"SUCCEEDED": (HAS - found.total, 0), "FAILED": (HAS, 0), "RETURNED": (HAS, 0)}
        assert money(self.purse) == left.get(found.state, (HAS, found.total))
        assert len(rows) <= 1 and found.orders <= 1
        with acting_as_service():
            is_clear = not Case.objects.filter(reference=found.reference).exists()
        if not found.is_open and is_clear and not any("NULL_FEES" in row.quirks for row in rows):
            # Of what came back before we knew that it had arrived, it tells nobody what it kept: the day's
            # reconciliation finds that.
            kept = movements.FEE + movements.VAT if self._came_back() and found.gateway_fee is None else 0
            assert abs(gap() + kept * 100 - self.gap) < 1

    def _came_back(self) -> bool:
        with acting_as_service():
            about = SandboxXpressRow.objects.filter(about=self.payout.reference)
            return about.filter(category=movements.RETURNED).exists()

    def arrive(self) -> None:
        for row in sent(self.payout):
            with acting_as_service():
                movements.decide(row_id=row.pk, action="arrive", at=timezone.now())

    def deal(self) -> None:
        """A worker takes up the notice that nobody dealt with."""
        with acting_as_service():
            event = WebhookEvent.objects.filter(reference=self.payout.reference).latest("received_at")
        tasks.process_webhook(event_id=str(event.pk))

    def told_again(self) -> None:
        webhooks_again(self.payout.reference)
        self._ask()

    def _ask(self, hours: int = 0) -> None:
        with suppress(DomainError):
            check(self.payout, at=timezone.now() + timedelta(hours=hours))


def set_aside(withdrawal: Withdrawal) -> Callable[[], object]:
    return partial(order, withdrawal.payout)


def not_in(withdrawal: Withdrawal) -> Callable[[], object]:
    fault("BAD_GATEWAY_BEFORE", endpoint="wallet_transfer")
    assert order(withdrawal.payout).state == "UNKNOWN" and sent(withdrawal.payout) == []
    return partial(check, withdrawal.payout)


def no_answer(withdrawal: Withdrawal) -> Callable[[], object]:
    fault("DROP_WEBHOOK")
    fault("DROP_REPLY", endpoint="wallet_transfer")
    assert order(withdrawal.payout).state == "UNKNOWN" and len(sent(withdrawal.payout)) == 1
    return partial(check, withdrawal.payout)


def on_its_way(withdrawal: Withdrawal) -> Callable[[], object]:
    fault("TRANSFER_STAYS")
    assert order(withdrawal.payout).state == "SENT"
    return withdrawal.arrive


def untold(withdrawal: Withdrawal) -> Callable[[], object]:
    on_its_way(withdrawal)
    fault("DROP_WEBHOOK")
    withdrawal.arrive()
    return partial(check, withdrawal.payout)


def told(withdrawal: Withdrawal) -> Callable[[], object]:
    on_its_way(withdrawal)
    with no_worker():
        withdrawal.arrive()
    return withdrawal.deal


def paid(withdrawal: Withdrawal) -> Callable[[], object]:
    on_its_way(withdrawal)()
    assert now(withdrawal.payout).state == "SUCCEEDED"
    return partial(decide, withdrawal.payout, "return")


def not_paid(withdrawal: Withdrawal) -> Callable[[], object]:
    on_its_way(withdrawal)
    decide(withdrawal.payout, "fail")
    assert now(withdrawal.payout).state == "FAILED"
    return withdrawal.told_again


def came_back(withdrawal: Withdrawal) -> Callable[[], object]:
    paid(withdrawal)()
    assert now(withdrawal.payout).state == "RETURNED"
    return withdrawal.told_again


STATES = {
    "set aside": set_aside,
    "unknown, not in": not_in,
    "unknown, in": no_answer,
    "sent": on_its_way,
    "arrived, not told": untold,
    "told": told,
    "paid": paid,
    "not paid": not_paid,
    "came back": came_back,
}


def test_a_payout_at_xpress_wallet(xpress_wallet):
    check_table(
        "A payout at Xpress Wallet", {name: partial(Withdrawal, bring) for name, bring in STATES.items()}
    )


# Money that comes to a customer's number there


PAID = 5_000 * NAIRA
PHONES, NUMBERS = count(2348030000000), count(22200000001)


class Deposit:
    """What a stranger sends to a customer's account number, brought to a state by `bring`."""

    def __init__(self, bring: Callable[["Deposit"], Callable[[], object]]) -> None:
        person = make_person()
        with acting_as_service():
            Customer.objects.filter(pk=person.pk).update(phone=f"+{next(PHONES)}")
        self.purse = make_wallet(person, tier=3)
        declare(person)
        self.number = own_number(person, self.purse, bvn=str(next(NUMBERS)))
        assert self.number.state == "ACTIVE"
        self.gap = gap()
        self.suspense = balances("SUSPENSE")[0]
        self.step = bring(self)

    def state(self) -> str:
        if self._row() is None:
            return "not paid"
        if self._kept():
            return "suspense"
        with acting_as_service():
            payment = Payment.objects.filter(account=self.purse).first()
        return str(payment.state) if payment else "untold"

    def end(self) -> None:
        """It is paid, told of again, lost notices too, and the list is read twice."""
        if self._row() is None:
            self.pay()
        webhooks_again(self._row().reference)
        for _time in range(2):
            self.look()

    def check(self) -> None:
        """It was credited once, to whose it is or to nobody; what is there for us is what the books say."""
        credited, kept = balance(self.purse), self._kept()
        assert (credited, kept) in ((PAID, 0), (0, PAID), (0, 0))
        row = self._row()
        if row is not None and (credited or kept) and "NULL_FEES" not in row.quirks:
            assert abs(gap() - self.gap) < 1

    def pay(self) -> None:
        self.paid = pay_in(self.number.account_number)

    def look(self) -> None:
        money_in_tasks.look_for_deposits()

    def deal(self) -> None:
        with acting_as_service():
            event = WebhookEvent.objects.filter(reference=self._row().reference).latest("received_at")
        tasks.process_webhook(event_id=str(event.pk))

    def told_again(self) -> None:
        webhooks_again(self._row().reference)

    def _row(self) -> SandboxXpressRow | None:
        return getattr(self, "paid", None)

    def _kept(self) -> int:
        return balances("SUSPENSE")[0] - self.suspense


def given(deposit: Deposit) -> Callable[[], object]:
    return deposit.pay


def not_told(deposit: Deposit) -> Callable[[], object]:
    fault("DROP_WEBHOOK")
    deposit.pay()
    return deposit.look


def said(deposit: Deposit) -> Callable[[], object]:
    with no_worker():
        deposit.pay()
    return deposit.deal


def credited(deposit: Deposit) -> Callable[[], object]:
    deposit.pay()
    assert balance(deposit.purse) == PAID
    return deposit.told_again


OF_DEPOSITS = {"number given": given, "paid, not told": not_told, "told": said, "credited": credited}


def test_a_deposit_at_xpress_wallet(xpress_wallet):
    check_table(
        "A deposit at Xpress Wallet", {name: partial(Deposit, bring) for name, bring in OF_DEPOSITS.items()}
    )
