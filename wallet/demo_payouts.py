"""The demo world's money out: bank accounts, withdrawals that arrived and did not, plans. Development only."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from core.actors import acting_as_service
from core.ids import uuid7
from wallet.gateways.capabilities import Transfer
from wallet.models import Account, Bank, BankAccount, PaymentGateway, Payout
from wallet.services.bank_accounts import Found, save_found
from wallet.services.payouts import request_payout, settle_payout
from wallet.services.scheduled import plan_transfer, skip_next

NAIRA = 100
GATEWAY = "paystack"
BANKS = {
    "044": "Access Bank",
    "058": "Guaranty Trust Bank",
    "011": "First Bank of Nigeria",
    "057": "Zenith Bank",
}
# Bank, number, and in whose name the sandbox has it.
OWN = ("044", "0000000220", "OBI ADA GRACE", BankAccount.Holder.SELF)
OTHER = ("058", "0001234567", "CHIDI EZE", BankAccount.Holder.OTHER)


def write_payouts(*, people: Mapping[str, User], at: datetime) -> None:
    """Give Ada bank accounts, withdrawals and plans, unless she has some."""
    ada, bola = people["ada@alajo.test"], people["bola@alajo.test"]
    with acting_as_service():
        if BankAccount.objects.filter(owner=ada).exists():
            return
        gateway = PaymentGateway.objects.get(pk=GATEWAY)
        for code, name in BANKS.items():
            Bank.objects.get_or_create(gateway=gateway, code=code, defaults={"name": name, "read_at": at})
        wallet = Account.objects.get(owner=ada, kind=Account.Kind.WALLET, currency="NGN")
    long_ago = at - timedelta(days=20)
    own, other = (_account(ada, *facts, at=long_ago) for facts in (OWN, OTHER))
    _withdrawal(wallet, own, 5_000, "SUCCEEDED", at=at - timedelta(hours=5))
    _withdrawal(wallet, other, 2_000, "FAILED", at=at - timedelta(hours=2))
    today = timezone.localdate(at)
    with acting_as_service():
        recipient = accounts.find_recipient(text=bola.email)
    esusu = plan_transfer(
        schedule_id=uuid7(),
        source=wallet,
        recipient=recipient,
        amount=2_000 * NAIRA,
        rhythm="WEEKLY",
        first_date=today + timedelta(days=3),
        note="Esusu",
        at=at,
    )
    skip_next(schedule=esusu, at=at)
    plan_transfer(
        schedule_id=uuid7(),
        source=wallet,
        bank_account=own,
        amount=5_000 * NAIRA,
        rhythm="MONTHLY",
        first_date=today.replace(day=1) + timedelta(days=58),
        note="Rent",
        at=at,
    )


def _account(owner: User, code: str, number: str, name: str, holder: str, *, at: datetime) -> BankAccount:
    found = Found(GATEWAY, code, BANKS[code], number, name, holder, suspicious=False)
    return save_found(owner=owner, found=found, at=at)


def _withdrawal(wallet: Account, to: BankAccount, naira: int, state: str, *, at: datetime) -> Payout:
    """One that the gateway answered then, as if it had been asked."""
    chosen: UUID = uuid7()
    payout = request_payout(payout_id=chosen, account=wallet, bank_account=to, amount=naira * NAIRA, at=at)
    answer = Transfer(
        reference=payout.reference,
        state=state,  # type: ignore[arg-type]
        amount=payout.amount,
        currency=payout.currency_id,
        fee=2_500 if state == "SUCCEEDED" else None,
        gateway_id="TRF_demo",
        session_id="",
        reason="",
        raw={},
    )
    return settle_payout(payout_id=payout.pk, transfer=answer, at=at)
