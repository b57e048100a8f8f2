"""Money out at the sandbox: recipients, transfers, and what becomes of them as time goes by."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from wallet.sandbox import approvals, faults, ledger, transfer_shapes
from wallet.sandbox.announcing import announce
from wallet.sandbox.codes import FIRST_ID, code
from wallet.sandbox.faults import Kind, Taken
from wallet.sandbox.models import SandboxRecipient, SandboxTransfer, Switches

Status = SandboxTransfer.Status
GOOD_OTP = "123456"
OTP_LASTS = timedelta(minutes=30)
_TOLD = {
    Status.SUCCESS: "transfer.success",
    Status.FAILED: "transfer.failed",
    Status.REJECTED: "transfer.failed",
    Status.BLOCKED: "transfer.failed",
    Status.REVERSED: "transfer.reversed",
}
_GIVEN_BACK = (Status.FAILED, Status.REVERSED, Status.REJECTED, Status.BLOCKED, Status.ABANDONED)


class ReferenceTaken(DomainError):
    code = "duplicate_reference"
    kind = "conflict"
    message = "Please provide a unique reference. Reference already exists on a transfer"


class CodeInvalid(DomainError):
    code = "code_invalid"
    message = "OTP could not be verified"


@dataclass(frozen=True)
class Wanted:
    """A transfer as somebody asks for it."""

    reference: str
    recipient: SandboxRecipient
    amount: int
    currency: str
    reason: str


def switches() -> Switches:
    return Switches.objects.filter(pk=Switches.ONLY).first() or Switches()


def add_recipient(
    *, name: str, account_number: str, bank_code: str, currency: str, at: datetime
) -> tuple[SandboxRecipient, bool]:
    """Remember an account to send to, and say whether it is new; the same account is the same recipient."""
    facts = {"code": f"RCP_{code(16)}", "name": name, "created_at": at}
    found, is_new = SandboxRecipient.objects.get_or_create(
        account_number=account_number, bank_code=bank_code, currency=currency, defaults=facts
    )
    if found.deleted:
        SandboxRecipient.objects.filter(pk=found.pk).update(deleted=False)
    return found, is_new


def transfer_fee(amount: int) -> int:
    """Paystack's fee for a payout, in kobo."""
    return 1_000 if amount <= 500_000 else 2_500 if amount <= 5_000_000 else 5_000


@transaction.atomic
def send(*, wanted: Wanted, at: datetime) -> SandboxTransfer:
    """Take money from our balance and send it on its way. Raises ReferenceTaken, ledger.BalanceTooLow."""
    if SandboxTransfer.objects.filter(reference=wanted.reference).exists():
        raise ReferenceTaken
    setup = switches()
    taken = faults.take(faults.ON_TRANSFER, reference=wanted.reference)
    transfer = SandboxTransfer(
        code=f"TRF_{code(16)}",
        reference=wanted.reference,
        recipient=wanted.recipient,
        amount=taken.number(
            Kind.WRONG_AMOUNT, wanted.amount - 100 if Kind.WRONG_AMOUNT in taken else wanted.amount
        ),
        fee=transfer_fee(wanted.amount),
        currency=taken.values.get(Kind.WRONG_CURRENCY, wanted.currency) or "USD",
        reason=wanted.reason,
        quirks=dict(taken.values),
        created_at=at,
        updated_at=at,
    )
    _start(transfer, taken, setup, at=at)
    try:
        with transaction.atomic():
            transfer.save()
    except IntegrityError as error:
        raise ReferenceTaken from error
    _book(transfer, -(transfer.amount + transfer.fee), "Transfer", at=at)
    if transfer.status == Status.RECEIVED:
        transaction.on_commit(
            partial(ask_approval.apply_async, kwargs={"transfer_id": transfer.pk}), robust=True
        )
    elif Kind.TRANSFER_AT_ONCE in taken:
        _become(transfer, Status.SUCCESS, at=at)
    else:
        _come_back(transfer, at=at)
    return transfer


@transaction.atomic
def advance(*, transfer_id: int, at: datetime) -> SandboxTransfer:
    """Let happen to a transfer what is due by now: it arrives or fails, comes back, or waited too long for its code."""
    transfer = SandboxTransfer.objects.select_for_update().get(pk=transfer_id)
    if transfer.due_at is None or at < transfer.due_at:
        return transfer
    if transfer.status == Status.PENDING:
        failed = Kind.TRANSFER_FAILS in transfer.quirks
        _become(transfer, Status.FAILED if failed else Status.SUCCESS, at=at)
    elif transfer.status == Status.SUCCESS:
        _become(transfer, Status.REVERSED, at=at)
    elif transfer.status == Status.OTP:
        _become(transfer, Status.ABANDONED, at=at)
    return transfer


@transaction.atomic
def decide(*, transfer_id: int, status: str, at: datetime) -> SandboxTransfer:
    """Have a transfer end in this way now, whatever it was to be: what the control page and tests ask for."""
    transfer = SandboxTransfer.objects.select_for_update().get(pk=transfer_id)
    allowed = (Status.REVERSED,) if transfer.status == Status.SUCCESS else ()
    if transfer.is_waiting or status in allowed:
        _become(transfer, Status(status), at=at)
    return transfer


@transaction.atomic
def finalize(*, transfer_id: int, otp: str, at: datetime) -> SandboxTransfer:
    """Take the code that a transfer waits for. Raises CodeInvalid."""
    transfer = SandboxTransfer.objects.select_for_update().get(pk=transfer_id)
    if transfer.status != Status.OTP or otp != GOOD_OTP:
        raise CodeInvalid
    _on_its_way(transfer, at=at)
    transfer.save(update_fields=["status", "due_at"])
    _come_back(transfer, at=at)
    return transfer


@transaction.atomic
def approved(*, transfer_id: int, answer: int | None, at: datetime) -> SandboxTransfer:
    """Go on with what our approval address answered: 200 sends it, 400 refuses it, anything else blocks it."""
    transfer = SandboxTransfer.objects.select_for_update().get(pk=transfer_id)
    if transfer.status != Status.RECEIVED:
        return transfer
    if answer == 200:
        _on_its_way(transfer, at=at)
        transfer.save(update_fields=["status", "due_at"])
        _come_back(transfer, at=at)
    else:
        _become(transfer, Status.REJECTED if answer == 400 else Status.BLOCKED, at=at)
    return transfer


def _start(transfer: SandboxTransfer, taken: Taken, setup: Switches, *, at: datetime) -> None:
    if setup.asks_otp:
        transfer.status, transfer.due_at = Status.OTP, at + OTP_LASTS
    elif setup.asks_approval and settings.PAYSTACK_APPROVAL_URL:
        transfer.status = Status.RECEIVED
    else:
        _on_its_way(transfer, at=at)


def _on_its_way(transfer: SandboxTransfer, *, at: datetime) -> None:
    seconds = switches().transfer_seconds
    seconds = settings.SANDBOX_TRANSFER_SECONDS if seconds is None else seconds
    transfer.status = Status.PENDING
    transfer.due_at = None if Kind.TRANSFER_STAYS in transfer.quirks else at + timedelta(seconds=seconds)


def _become(transfer: SandboxTransfer, status: Status, *, at: datetime) -> None:
    """Reach a state: money that did not arrive is in our balance again, and whoever listens is told."""
    transfer.status, transfer.updated_at, transfer.due_at = status, at, None
    if status == Status.SUCCESS:
        transfer.session_id = f"{at:%y%m%d%H%M%S}".rjust(20, "0") + f"{transfer.pk % 10**10:010d}"
        transfer.said = "Approved or completed successfully"
        if Kind.TRANSFER_REVERSED in transfer.quirks:
            seconds = transfer.quirks[Kind.TRANSFER_REVERSED]
            transfer.due_at = at + timedelta(seconds=int(seconds) if seconds else 0)
    else:
        transfer.said = "Transfer was reversed" if status == Status.REVERSED else "Transfer was not completed"
    transfer.save(update_fields=["status", "updated_at", "due_at", "session_id", "said"])
    if status in _GIVEN_BACK:
        # For what did not arrive, or came back, it keeps no fee, and says so.
        _book(transfer, transfer.amount + transfer.fee, "Transfer returned", at=at)
        SandboxTransfer.objects.filter(pk=transfer.pk).update(fee=0)
        transfer.fee = 0
    if status in _TOLD:
        data = transfer_shapes.webhook(transfer)
        announce(event=_TOLD[status], data=data, about=transfer.reference, at=at)
    _come_back(transfer, at=at)


def _come_back(transfer: SandboxTransfer, *, at: datetime) -> None:
    """Have a worker look again when the next thing is due."""
    if transfer.due_at is not None:
        wait = max((transfer.due_at - at).total_seconds(), 0)
        again = partial(advance_transfer.apply_async, kwargs={"transfer_id": transfer.pk}, countdown=wait)
        transaction.on_commit(again, robust=True)


def _book(transfer: SandboxTransfer, difference: int, reason: str, *, at: datetime) -> None:
    """In the currency that was ordered, whatever another it is told in."""
    row, currency = FIRST_ID + transfer.pk, transfer.recipient.currency
    ledger.move(currency=currency, difference=difference, reason=reason, model="Transfer", row=row, at=at)


def shown(transfer: SandboxTransfer, *, at: datetime) -> dict[str, Any]:
    """A transfer as it is by now."""
    return transfer_shapes.verification(advance(transfer_id=transfer.pk, at=at))


@shared_task(bind=True, name="wallet.sandbox.tasks.advance_transfer")
def advance_transfer(self: Task, *, transfer_id: int) -> None:
    """Let happen what is due. Run eagerly (in tests) it would always be too early: there asking about it does this."""
    if not self.request.is_eager:
        with acting_as_service():
            advance(transfer_id=transfer_id, at=timezone.now())


@shared_task(name="wallet.sandbox.tasks.ask_approval")
def ask_approval(*, transfer_id: int) -> None:
    with acting_as_service():
        transfer = SandboxTransfer.objects.select_related("recipient").get(pk=transfer_id)
    answer = approvals.ask(transfer_shapes.verification(transfer))
    with acting_as_service():
        approved(transfer_id=transfer_id, answer=answer, at=timezone.now())
