"""A payout meets every fault of its gateway's sandbox in every state: see docs/faults.md."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import tasks
from wallet.models import Case, PaymentGateway, Payout, WebhookEvent
from wallet.sandbox import transfers
from wallet.sandbox.models import SandboxTransfer
from wallet.services.banks import payouts_of
from wallet.tests.deposits import calls_answered_again, fault, no_worker
from wallet.tests.factories import make_wallet
from wallet.tests.faults import TRIES, check_table, gap, webhooks_again
from wallet.tests.payouts import NAIRA, at_sandbox, bank_account_of, check, decide, money, now, order, request

HAS = 20_000 * NAIRA


class Withdrawal:
    """What one customer sends to a bank, brought to a state by `bring`, which returns what happens next."""

    def __init__(self, bring: Callable[["Withdrawal"], Callable[[], object]]) -> None:
        person = make_person()
        self.purse = make_wallet(person, amount=HAS)
        with acting_as_service():
            self.gap, self.sent = gap(), SandboxTransfer.objects.count()
        self.payout = request(self.purse, bank_account_of(person))
        self.step = bring(self)

    def state(self) -> str:
        with acting_as_service():
            case = Case.objects.filter(reference=self.payout.reference, state="OPEN").first()
        return f"{now(self.payout).state}, {case.data['why']}" if case else str(now(self.payout).state)

    def end(self) -> None:
        """It is ordered, arrives or not, and maybe comes back; then all is told again, and asked about twice."""
        self._ask()
        for _time in range(2):
            self.arrive()
        webhooks_again(self.payout.reference)
        for _time in range(2):
            self._ask()

    def check(self) -> None:
        """One transfer was made at most, and the account, and what the gateway has for us, are as the state says."""
        found = now(self.payout)
        left = {"SUCCEEDED": (HAS - found.total, 0), "FAILED": (HAS, 0), "RETURNED": (HAS, 0)}
        assert money(self.purse) == left.get(found.state, (HAS, found.total))
        with acting_as_service():
            assert SandboxTransfer.objects.count() <= self.sent + 1
            is_clear = not Case.objects.filter(reference=found.reference).exists()
            untold = sum(
                t.fee for t in at_sandbox(found) if "NULL_FEES" in t.quirks and found.state == "SUCCEEDED"
            )
            assert found.is_open or not is_clear or gap() == self.gap - untold

    def arrive(self) -> None:
        for transfer in at_sandbox(self.payout):
            with acting_as_service():
                transfers.advance(transfer_id=transfer.pk, at=timezone.now() + timedelta(hours=2))

    def deal(self) -> None:
        """A worker takes up the webhook that nobody dealt with."""
        with acting_as_service():
            event = WebhookEvent.objects.filter(reference=self.payout.reference).latest("received_at")
        tasks.process_webhook(event_id=str(event.pk))

    def told_again(self) -> None:
        webhooks_again(self.payout.reference)
        self._ask()

    def _ask(self) -> None:
        with suppress(DomainError):
            check(self.payout)


def set_aside(withdrawal: Withdrawal) -> Callable[[], object]:
    return partial(order, withdrawal.payout)


def named(withdrawal: Withdrawal) -> Callable[[], object]:
    """The gateway has a name for the account already, so the order itself is what comes next."""
    payout = withdrawal.payout
    with acting_as_service():
        adapter = payouts_of(PaymentGateway.objects.get(pk=payout.gateway_id))
    recipient = adapter.make_recipient(
        account_number="0000000220", bank_code="044", name="OBI ADA", currency="NGN"
    )
    with acting_as_service():
        Payout.objects.filter(pk=payout.pk).update(recipient=recipient)
    return partial(order, payout)


def not_in(withdrawal: Withdrawal) -> Callable[[], object]:
    fault("BAD_GATEWAY_BEFORE", endpoint="transfer", remaining=TRIES)
    assert order(withdrawal.payout).state == "UNKNOWN" and at_sandbox(withdrawal.payout) == []
    return partial(check, withdrawal.payout)


def no_answer(withdrawal: Withdrawal) -> Callable[[], object]:
    fault("DROP_REPLY", endpoint="transfer", remaining=TRIES)
    fault("HTML_503", endpoint="transfer_verify", remaining=TRIES)
    assert order(withdrawal.payout).state == "UNKNOWN" and len(at_sandbox(withdrawal.payout)) == 1
    calls_answered_again()
    return partial(check, withdrawal.payout)


def sent(withdrawal: Withdrawal) -> Callable[[], object]:
    assert order(withdrawal.payout).state == "SENT"
    return withdrawal.arrive


def untold(withdrawal: Withdrawal) -> Callable[[], object]:
    sent(withdrawal)
    fault("DROP_WEBHOOK")
    withdrawal.arrive()
    return partial(check, withdrawal.payout)


def told(withdrawal: Withdrawal) -> Callable[[], object]:
    sent(withdrawal)
    with no_worker():
        withdrawal.arrive()
    return withdrawal.deal


def paid(withdrawal: Withdrawal) -> Callable[[], object]:
    sent(withdrawal)()
    assert now(withdrawal.payout).state == "SUCCEEDED"
    return partial(decide, withdrawal.payout, "REVERSED")


def not_paid(withdrawal: Withdrawal) -> Callable[[], object]:
    sent(withdrawal)
    decide(withdrawal.payout, "FAILED")
    assert now(withdrawal.payout).state == "FAILED"
    return withdrawal.told_again


def came_back(withdrawal: Withdrawal) -> Callable[[], object]:
    paid(withdrawal)()
    assert now(withdrawal.payout).state == "RETURNED"
    return withdrawal.told_again


STATES = {
    "set aside": set_aside,
    "account named": named,
    "unknown, not in": not_in,
    "unknown, in": no_answer,
    "sent": sent,
    "arrived, not told": untold,
    "told": told,
    "paid": paid,
    "not paid": not_paid,
    "came back": came_back,
}


def test_a_payout_at_paystack(paystack, settings):
    settings.SANDBOX_TRANSFER_SECONDS = 3600
    check_table("A payout at Paystack", {name: partial(Withdrawal, bring) for name, bring in STATES.items()})
