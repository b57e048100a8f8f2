"""Steps of the stories of saved cards, account numbers, refunds and disputes, through the sandbox."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import Customer, IdentityNumber, User
from accounts.services.kyc import sealing
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from wallet import money_in_tasks
from wallet import services as wallet
from wallet.models import (
    Account,
    DedicatedAccount,
    Dispute,
    Payment,
    PaymentGateway,
    Refund,
    SavedCard,
    SuspendedDeposit,
)
from wallet.sandbox import disputes as bank
from wallet.sandbox import refunds as paying_back
from wallet.sandbox import virtual_accounts
from wallet.sandbox.models import SandboxCharge, SandboxRefund
from wallet.tests.deposits import pay, start


def paid(account: Account, amount: int = 250_000, **how: object) -> Payment:
    """A deposit that was paid and credited."""
    payment = pay(start(account, amount), **how)
    assert payment.state == "SUCCEEDED"
    return payment


def keep(payment: Payment, user: User) -> SavedCard:
    return wallet.keep_card(payment=payment, user=user, at=timezone.now())


def charge(account: Account, card: SavedCard, amount: int = 100_000, **how: object) -> Payment:
    at = timezone.now()
    payment = wallet.start_card_payment(account=account, card=card, amount=amount, at=at, **how)
    return wallet.charge_card(payment=payment, card=card, at=at)


def give_bvn(user: User, number: str = "22222222221") -> None:
    with acting_as_service():
        row = IdentityNumber(
            pk=uuid7(), customer=Customer.objects.get(pk=user.pk), kind="BVN", created_at=timezone.now()
        )
        sealing.seal_number(row, number)
        row.save(force_insert=True)


def own_number(user: User, account: Account, *, bvn: str = "22222222221") -> DedicatedAccount:
    """An account number that was asked for and given."""
    give_bvn(user, bvn)
    at = timezone.now()
    row = wallet.ask_for_account(user=user, wallet=account, at=at)
    return wallet.open_account(row_id=row.pk, at=at)


def send_to(number: str, amount: int = 500_000) -> SandboxCharge:
    """Somebody sends money to an account number by their bank; the webhook comes before this returns."""
    with acting_as_service():
        return virtual_accounts.deposit(
            number=number, amount=amount, sender_name="EZE CHIDI", narration="rent", at=timezone.now()
        )


def payments() -> list[Payment]:
    with acting_as_service():
        return list(Payment.objects.order_by("pk"))


def suspended() -> list[SuspendedDeposit]:
    with acting_as_service():
        return list(SuspendedDeposit.objects.order_by("pk"))


def refund_now(refund: Refund) -> Refund:
    with acting_as_service():
        return Refund.objects.get(pk=refund.pk)


def ask_refund(payment: Payment, amount: int = 100_000, **how: object) -> Refund:
    how = {"reason": "asked for by the customer", "at": timezone.now(), **how}
    return wallet.request_refund(payment=payment, amount=amount, **how)


def order(refund: Refund, at: datetime | None = None) -> Refund:
    return wallet.order_refund(refund_id=refund.pk, at=at or timezone.now())


def end_refund(status: str) -> None:
    """The sandbox decides on the one refund that it was asked for; its webhook comes before this returns."""
    with acting_as_service():
        made = SandboxRefund.objects.latest("pk")
        paying_back.decide(refund_id=made.pk, status=status, at=timezone.now())


def refund_at_the_gateway(payment: Payment, amount: int) -> None:
    """Somebody orders a refund on the gateway's own pages."""
    with acting_as_service():
        charge = SandboxCharge.objects.get(reference=payment.reference)
        paying_back.order(charge=charge, amount=amount, customer_note="", merchant_note="", at=timezone.now())


def raise_dispute(payment: Payment, amount: int = 250_000) -> None:
    with acting_as_service():
        charge = SandboxCharge.objects.get(reference=payment.reference)
        bank.raise_dispute(charge=charge, amount=amount, at=timezone.now())


def decide_dispute(*, lost: bool) -> None:
    with acting_as_service():
        of = SandboxCharge.objects.exclude(disputes=None).latest("pk").disputes.latest("pk")
        bank.decide(dispute_id=of.pk, lost=lost, at=timezone.now())


def dispute_now() -> Dispute:
    with acting_as_service():
        return Dispute.objects.latest("pk")


def held(account: Account) -> int:
    with acting_as_service():
        return Account.objects.get(pk=account.pk).held


def let_time_pass(minutes: float) -> None:
    """Let this much time pass for refunds and account numbers, and let the workers take what is due."""
    step = timedelta(minutes=minutes)
    with acting_as_service():
        for refund in Refund.objects.exclude(next_check_at=None):
            ordered = refund.ordered_at and refund.ordered_at - step
            times = {"next_check_at": refund.next_check_at - step, "ordered_at": ordered}
            Refund.objects.filter(pk=refund.pk).update(**times)
        for row in DedicatedAccount.objects.exclude(next_try_at=None):
            times = {"next_try_at": row.next_try_at - step, "requested_at": row.requested_at - step}
            DedicatedAccount.objects.filter(pk=row.pk).update(**times)
    money_in_tasks.settle_refunds()
    money_in_tasks.deliver_dispute_answers()
    money_in_tasks.open_account_numbers()


def spend(account: Account, amount: int) -> UUID:
    """Have money leave an account, whatever its limits."""
    with acting_as_service():
        posting = posting_id()
        lines = [wallet.Line("ADJUSTMENT", account.pk, wallet.system_account("EQUITY"), amount)]
        wallet.post(posting_id=posting, lines=lines)
        return posting


def furnish_money_in(user: User, account: Account) -> None:
    """A kept card, an account number, a refund and a dispute of this person's."""
    at, gateway = timezone.now(), PaymentGateway.objects.get(code="paystack")
    payment = Payment.objects.filter(account=account).first()
    SavedCard.objects.create(
        owner=user, gateway=gateway, sealed="sealed", card_index="index", brand="visa", last4="4081",
        expires_month=12, expires_year=2030, created_at=at,
    )  # fmt: skip
    DedicatedAccount.objects.create(
        owner=user,
        account=account,
        gateway=gateway,
        state="ACTIVE",
        account_number="9012345674",
        requested_at=at,
    )
    of = {"account": account, "payment": payment, "gateway": gateway, "currency_id": "NGN", "amount": 10}
    Refund.objects.create(**of, reference="r-1", reason="a doubt of staff", created_at=at)
    Dispute.objects.create(
        **of, reference="r-1", gateway_dispute="1", evidence="a doubt of staff", opened_at=at
    )
