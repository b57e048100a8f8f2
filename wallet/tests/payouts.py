"""Steps of a payout's story, through the sandbox."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.ids import uuid7
from wallet import services as wallet
from wallet.models import (
    Account,
    Bank,
    BankAccount,
    BulkPayout,
    BulkPayoutRow,
    Case,
    Entry,
    PaymentGateway,
    Payout,
    ScheduledRun,
    ScheduledTransfer,
)
from wallet.sandbox import transfers
from wallet.sandbox.models import SandboxTransfer
from wallet.services.bank_accounts import Found

NAIRA = 100
LONG_AGO = timedelta(days=30)


def add_bank_account(
    user: User, *, bank_code: str = "044", number: str = "0000000220", new: bool = False
) -> BankAccount:
    """Ada's account at the sandbox, by its bank's word; one that is not new any more unless asked for."""
    at = timezone.now()
    with acting_as_service():
        gateway = PaymentGateway.objects.get(code="paystack")
        Bank.objects.get_or_create(
            gateway=gateway, code=bank_code, defaults={"name": "Access Bank", "read_at": at}
        )
    found = wallet.look_up(owner=user, bank_code=bank_code, number=number, at=at)
    return wallet.save_found(owner=user, found=found, at=at if new else at - LONG_AGO)


def bank_account_of(user: User, *, number: str = "0000000220") -> BankAccount:
    """The same, without asking anybody."""
    found = Found("paystack", "044", "Access Bank", number, "OBI ADA", "SELF", False)
    return wallet.save_found(owner=user, found=found, at=timezone.now() - LONG_AGO)


def request(
    account: Account, bank_account: BankAccount, amount: int = 5_000 * NAIRA, *, payout_id: UUID | None = None
) -> Payout:
    return wallet.request_payout(
        payout_id=payout_id or uuid7(),
        account=account,
        bank_account=bank_account,
        amount=amount,
        at=timezone.now(),
    )


def order(payout: Payout, *, at: datetime | None = None) -> Payout:
    return wallet.order_payout(payout_id=payout.pk, at=at or timezone.now())


def check(payout: Payout, *, at: datetime | None = None) -> Payout:
    return wallet.check_payout(payout_id=payout.pk, at=at or timezone.now())


def now(payout: Payout) -> Payout:
    with acting_as_service():
        return Payout.objects.select_related("account").get(pk=payout.pk)


def at_sandbox(payout: Payout) -> list[SandboxTransfer]:
    """What the sandbox was made to send for it."""
    with acting_as_service():
        return list(SandboxTransfer.objects.filter(reference=payout.reference))


def decide(payout: Payout, status: str) -> None:
    """Have the sandbox's transfer end so now; its webhook comes before this returns."""
    with acting_as_service():
        transfer = SandboxTransfer.objects.get(reference=payout.reference)
        transfers.decide(transfer_id=transfer.pk, status=status, at=timezone.now())


def money(account: Account) -> tuple[int, int]:
    """Balance and what of it is set aside."""
    with acting_as_service():
        found = Account.objects.get(pk=account.pk)
        return found.balance, found.held


def kinds(payout: Payout) -> list[tuple[str, int]]:
    """What was posted out of its account and back to it."""
    with acting_as_service():
        found = Payout.objects.get(pk=payout.pk)
        rows = Entry.objects.of(found.account).order_by("version")
        ids = (found.posting_id, found.return_posting_id)
        return [(row.kind, row.change) for row in rows if row.posting_id in ids]


def cases() -> list[tuple[str, str]]:
    with acting_as_service():
        return [(case.data["why"], case.state) for case in Case.objects.order_by("pk")]


def furnish_payouts(user: User, account: Account) -> None:
    """A row in every table of money out. The gateway `paystack` is there."""
    at = timezone.now()
    gateway = PaymentGateway.objects.get(code="paystack")
    Bank.objects.get_or_create(gateway=gateway, code="044", defaults={"name": "Access Bank", "read_at": at})
    bank = bank_account_of(user)
    payout = Payout.objects.create(
        reference=f"alj-furnished-{user.pk.hex[:12]}",
        gateway=gateway,
        account=account,
        bank_account=bank,
        amount=10_000,
        currency_id="NGN",
        created_at=at,
    )
    plan = ScheduledTransfer.objects.create(
        owner=user,
        source=account,
        bank_account=bank,
        name=str(bank),
        amount=10_000,
        rhythm="ONCE",
        first_date=at.date(),
        next_date=at.date(),
        created_at=at,
    )
    ScheduledRun.objects.create(schedule=plan, due_date=at.date(), made_at=at, next_try_at=at, payout=payout)
    facts = {"file_name": "may.csv", "sha256": "0" * 64, "rows": 1, "amount": 10_000, "fee": 0}
    bulk = BulkPayout.objects.create(owner=user, account=account, uploaded_at=at, **facts)
    BulkPayoutRow.objects.create(bulk=bulk, number=2, amount=10_000)
