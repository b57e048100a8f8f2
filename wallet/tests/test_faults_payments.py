"""A deposit meets every fault of its gateway's sandbox in every state: see docs/faults.md."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import services as wallet
from wallet import tasks
from wallet.models import Account, Case, Dispute, Payment, Refund, SuspendedDeposit, WebhookEvent
from wallet.sandbox.cards import DECLINED_CARD
from wallet.sandbox.models import SandboxCharge, SandboxDispute, SandboxRefund, SandboxXpressPayment
from wallet.services import refunds
from wallet.tests import xpress_pay as xpress
from wallet.tests.deposits import CALLBACK, fault, no_worker, pay, start, verify
from wallet.tests.factories import make_wallet
from wallet.tests.faults import Stories, check_table, gap, webhooks_again
from wallet.tests.money_in import (
    ask_refund,
    charge,
    decide_dispute,
    end_refund,
    keep,
    order,
    own_number,
    paid,
    raise_dispute,
    send_to,
)

Pay = Callable[[Payment], Payment]
SETTLED = Payment.SETTLED_STATES


class Deposit:
    """What one customer pays in, brought to a state by `bring`, which returns what happens next."""

    def __init__(
        self,
        bring: Callable[["Deposit"], Callable[[], object]],
        *,
        charges: Any = SandboxCharge,
        pay: Pay = pay,
    ) -> None:
        self.user = make_person()
        self.purse = make_wallet(self.user, tier=3)
        self.charges, self.pay = charges, pay
        with acting_as_service():
            self.gap, self.known = gap(), set(charges.objects.values_list("pk", flat=True))
        self.refund: Refund | None = None
        self.disputed = False
        self.step = bring(self)

    def state(self) -> str:
        with acting_as_service():
            if self.refund:
                case = Case.objects.filter(reference=str(self.refund.pk), state="OPEN").first()
                return _words(Refund.objects.get(pk=self.refund.pk).state, case)
            if self.disputed:
                return str(getattr(Dispute.objects.filter(account=self.purse).first(), "state", "untold"))
            payment = Payment.objects.filter(account=self.purse).order_by("pk").last()
            if payment:
                return _words(payment.state, Case.objects.filter(payment=payment).first())
            case = Case.objects.filter(reference__in=self._references()).first()
            return _words("suspense" if case else "untold", case)

    def end(self) -> None:
        """Whoever has not paid pays; what is decided outside is; then all is told again, and asked about twice."""
        payment = self.payment()
        if payment and payment.method == "CHECKOUT" and not self._paid():
            with suppress(DomainError):
                self.open()
            self.pay(self.payment())
        self._decide()
        for reference in self._references():
            webhooks_again(reference)
        for wait in (timedelta(0), timedelta(hours=2)):
            self.ask(at=timezone.now() + wait)

    def check(self) -> None:
        """Each payment that came in is settled once, and the account has what that makes."""
        with acting_as_service():
            rows = Payment.objects.filter(account=self.purse, state__in=SETTLED)
            unmapped = SuspendedDeposit.objects.filter(reference__in=self._references(), payment=None)
            assert rows.count() + unmapped.count() == len(self._paid())
            came = sum(row.amount for row in rows if row.is_credited)
            went = [*self._went(Refund, "SUCCEEDED"), *self._went(Dispute, "LOST")]
            # What the gateway never took in waits for a person, who has looked there.
            waits = self._went(Refund, "UNKNOWN")
            account = Account.objects.get(pk=self.purse.pk)
            assert (account.balance, account.held) == (came - sum(went), sum(waits))
            untold = [c.fees for c in self._paid() if "NULL_FEES" in getattr(c, "quirks", [])]
            assert self.charges is not SandboxCharge or gap() == self.gap - sum(untold)

    def _went(self, model: type[Refund] | type[Dispute], state: str) -> list[int]:
        return [row.amount for row in model.objects.filter(account=self.purse, state=state)]

    def payment(self) -> Payment | None:
        with acting_as_service():
            rows = Payment.objects.select_related("gateway").filter(account=self.purse)
            return rows.order_by("pk").last()

    def open(self) -> object:
        return wallet.open_checkout(
            payment=self.payment(), email="ada@alajo.test", callback_url=CALLBACK, at=timezone.now()
        )

    def ask(self, *, at: datetime | None = None) -> None:
        payment, at = self.payment(), at or timezone.now()
        if payment is not None:
            verify(payment, at=at)
        if payment is not None and (self.refund or self.disputed):
            refunds.check_refunds(gateway=payment.gateway, reference=payment.reference, at=at)

    def deal(self) -> None:
        """A worker takes up the webhook that nobody dealt with."""
        with acting_as_service():
            event = WebhookEvent.objects.filter(reference__in=self._references()).latest("received_at")
        tasks.process_webhook(event_id=str(event.pk))

    def told_again(self) -> None:
        for reference in self._references():
            webhooks_again(reference)
        self.ask()

    def _decide(self) -> None:
        with acting_as_service():
            rows = SandboxRefund.objects.filter(charge__reference__in=self._references())
            going = rows.exclude(status__in=("PROCESSED", "FAILED")).exists()
            disputes = SandboxDispute.objects.filter(charge__reference__in=self._references())
            disputed = disputes.exclude(status="RESOLVED").exists()
        if going:
            end_refund("PROCESSED")
        if disputed:
            decide_dispute(lost=True)

    def _charges(self) -> list[Any]:
        """What the gateway has of it."""
        with acting_as_service():
            return list(self.charges.objects.exclude(pk__in=self.known).order_by("pk"))

    def _paid(self) -> list[Any]:
        return [row for row in self._charges() if row.paid_at]

    def _references(self) -> list[str]:
        return [row.reference if hasattr(row, "reference") else row.transaction_id for row in self._charges()]


def _words(state: object, case: Case | None) -> str:
    return f"{state}, {case.kind}" if case else str(state)


def created(deposit: Deposit) -> Callable[[], object]:
    wallet.create_payment(account=deposit.purse, amount=250_000, at=timezone.now())
    return deposit.open


def opened(deposit: Deposit) -> Callable[[], object]:
    return partial(deposit.pay, start(deposit.purse))


def declined(deposit: Deposit) -> Callable[[], object]:
    payment = start(deposit.purse)
    if deposit.charges is SandboxCharge:
        pay(payment, card=DECLINED_CARD)
    else:
        xpress.fail(payment)
    assert verify(payment).state == "FAILED"
    return partial(deposit.pay, payment)


def expired(deposit: Deposit) -> Callable[[], object]:
    payment = start(deposit.purse)
    assert verify(payment, at=payment.expires_at + timedelta(hours=1)).state == "EXPIRED"
    return partial(deposit.pay, payment)


def untold(deposit: Deposit) -> Callable[[], object]:
    fault("DROP_WEBHOOK")
    assert deposit.pay(start(deposit.purse)).state == "PENDING"
    return deposit.ask


def told(deposit: Deposit) -> Callable[[], object]:
    with no_worker():
        assert deposit.pay(start(deposit.purse)).state == "PENDING"
    return deposit.deal


def credited(deposit: Deposit) -> Callable[[], object]:
    assert deposit.pay(start(deposit.purse)).state == "SUCCEEDED"
    return deposit.told_again


def in_review(deposit: Deposit) -> Callable[[], object]:
    fault("WRONG_AMOUNT")
    assert deposit.pay(start(deposit.purse)).state == "REVIEW"
    return deposit.told_again


def card_kept(deposit: Deposit) -> Callable[[], object]:
    card = keep(paid(deposit.purse), deposit.user)
    return partial(charge, deposit.purse, card)


def number_given(deposit: Deposit) -> Callable[[], object]:
    given = own_number(deposit.user, deposit.purse, bvn=f"22{deposit.user.pk.int % 10**9:09d}")
    return partial(send_to, given.account_number)


def refund_asked(deposit: Deposit) -> Callable[[], object]:
    deposit.refund = ask_refund(paid(deposit.purse))
    return partial(order, deposit.refund)


def refund_sent(deposit: Deposit) -> Callable[[], object]:
    deposit.refund = order(ask_refund(paid(deposit.purse)))
    assert deposit.refund.state == "PENDING"
    return partial(end_refund, "PROCESSED")


def refunded(deposit: Deposit) -> Callable[[], object]:
    refund_sent(deposit)()
    return deposit.told_again


def disputed(deposit: Deposit) -> Callable[[], object]:
    payment, deposit.disputed = paid(deposit.purse), True
    return partial(raise_dispute, payment)


EVERYWHERE = {
    "not opened": created,
    "opened": opened,
    "declined": declined,
    "expired": expired,
    "paid, not told": untold,
    "told": told,
    "credited": credited,
    "in review": in_review,
}
AT_PAYSTACK = {
    "saved card": card_kept,
    "own number": number_given,
    "refund asked for": refund_asked,
    "refund sent": refund_sent,
    "refunded": refunded,
    "disputed": disputed,
}


def test_a_deposit_at_paystack(paystack, settings):
    settings.SANDBOX_TRANSFER_SECONDS = 3600
    stories: Stories = {
        name: partial(Deposit, bring) for name, bring in {**EVERYWHERE, **AT_PAYSTACK}.items()
    }
    check_table("A deposit at Paystack", stories)


def test_a_deposit_at_xpress_pay(xpress_pay):
    make = partial(Deposit, charges=SandboxXpressPayment, pay=xpress.pay)
    check_table("A deposit at XpressPay", {name: partial(make, bring) for name, bring in EVERYWHERE.items()})
