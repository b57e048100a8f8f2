"""A file of payouts from upload to confirmation, and how far it is afterwards."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from wallet import payout_files
from wallet.models import Account, BulkPayout, BulkPayoutRow, Payout
from wallet.refusals import InsufficientFunds
from wallet.services.banks import bank_choices, payout_gateway
from wallet.services.cooling_off import check_cooling_off
from wallet.services.limits import limits_of
from wallet.services.payouts.quoting import LARGEST, SMALLEST, fee_of

State, RowState = BulkPayout.State, BulkPayoutRow.State
# A file that was looked at is confirmed within a day, or read anew.
PREVIEW_FOR = timedelta(hours=24)
PER_DAY = 20
_PLACE = "wallet_bulkpayoutrow.sealed"


class BulkOver(DomainError):
    code = "bulk_over"
    kind = "conflict"
    message = _("This file was paid or put aside already, or is older than a day. Upload it again.")


class TooManyFiles(DomainError):
    code = "too_many_files"
    kind = "limited"
    message = _("You have uploaded 20 files today. Please go on tomorrow.")


@dataclass(frozen=True)
class Progress:
    """How far a file is: lines by what became of them."""

    rows: int
    wrong: int
    waiting: int
    refused: int
    on_the_way: int
    arrived: int
    not_sent: int

    @property
    def begun(self) -> int:
        return self.rows - self.wrong - self.waiting

    @property
    def to_pay(self) -> int:
        return self.rows - self.wrong


def upload(*, owner: User, account: Account, name: str, raw: bytes, at: datetime) -> BulkPayout:
    """Read a file and keep its lines, what is wrong with each, and what it would cost.

    Raises FileRefused, FileTooLarge, NoPayouts, TooManyFiles.
    """
    with acting_as_service():
        lately = BulkPayout.objects.filter(owner=owner, uploaded_at__gt=at - timedelta(days=1))
        if lately.count() >= PER_DAY:
            raise TooManyFiles
        banks = {bank.code: bank.name for bank in bank_choices(gateway=payout_gateway(account.currency_id))}
    rows = payout_files.read(raw, banks=banks, smallest=SMALLEST, largest=LARGEST)
    fees = {row.number: _fee(account, row, at) for row in rows}
    good = [row for row in rows if not row.is_wrong]
    with acting_as_service():
        bulk = BulkPayout.objects.create(
            owner=owner,
            account=account,
            file_name=name[-120:],
            sha256=hashlib.sha256(raw).hexdigest(),
            rows=len(rows),
            amount=sum(row.amount for row in good),
            fee=sum(fees[row.number] for row in good),
            uploaded_at=at,
        )
        BulkPayoutRow.objects.bulk_create([_kept(bulk, row, fees[row.number]) for row in rows])
        audit.record(action="wallet.bulk.uploaded", target=bulk, rows=len(rows), sha256=bulk.sha256)
    return bulk


def confirm(*, bulk: BulkPayout, at: datetime) -> BulkPayout:
    """Have the good lines of a file paid. A repeat changes nothing.

    Raises BulkOver, InsufficientFunds, LimitExceeded, CoolingOff: then nothing is paid.
    """
    with acting_as_service():
        held = BulkPayout.objects.select_for_update(of=("self",)).select_related("account").get(pk=bulk.pk)
        if held.state in (State.RUNNING, State.DONE):
            return held
        if held.state != State.PREVIEW or at - held.uploaded_at > PREVIEW_FOR or held.amount == 0:
            raise BulkOver
        total = held.amount + held.fee
        if total > held.account.available:
            raise InsufficientFunds(available=held.account.available, amount=total)
        refusal = limits_of(account=held.account, at=at).refusal_of_day(held.amount)
        if refusal:
            raise refusal
        check_cooling_off(source=held.account, amount=held.amount, at=at)
        held.state, held.confirmed_at = State.RUNNING, at
        held.save(update_fields=["state", "confirmed_at"])
        audit.record(action="wallet.bulk.confirmed", target=held, amount=held.amount, fee=held.fee)
    return held


def discard(*, bulk: BulkPayout, at: datetime) -> None:
    """Put a file aside that was only looked at. Raises BulkOver."""
    with acting_as_service():
        here = BulkPayout.objects.filter(pk=bulk.pk, state=State.PREVIEW)
        if not here.update(state=State.CANCELLED, ended_at=at):
            raise BulkOver
        audit.record(action="wallet.bulk.discarded", target=bulk)


def progress_of(*, bulk: BulkPayout) -> Progress:
    """Count the lines by what became of them."""
    rows = BulkPayoutRow.objects.filter(bulk=bulk)
    counted = rows.values("state", "payout__state").annotate(many=Count("id"))
    by: Counter[tuple[str, str | None]] = Counter()
    for each in counted:
        by[each["state"], each["payout__state"]] += each["many"]
    ordered = {state: many for (row, state), many in by.items() if row == RowState.ORDERED}
    return Progress(
        rows=bulk.rows,
        wrong=by[RowState.WRONG, None],
        waiting=by[RowState.WAITING, None],
        refused=by[RowState.REFUSED, None],
        on_the_way=sum(ordered.get(state, 0) for state in Payout.OPEN_STATES),
        arrived=ordered.get(Payout.State.SUCCEEDED, 0),
        not_sent=sum(ordered.get(state, 0) for state in (Payout.State.FAILED, Payout.State.RETURNED)),
    )


def paid_of(*, bulk: BulkPayout) -> int:
    """What of a file arrived, in minor units."""
    arrived = BulkPayoutRow.objects.filter(bulk=bulk, payout__state=Payout.State.SUCCEEDED)
    return int(arrived.aggregate(total=Sum("amount"))["total"] or 0)


def result_rows(*, bulk: BulkPayout) -> Iterator[tuple[Any, ...]]:
    """Yield the file's lines as a sheet: what each said, and what became of it. The caller may see the file."""
    rows = BulkPayoutRow.objects.filter(bulk=bulk).select_related("payout").order_by("number")
    for row in rows.iterator(chunk_size=500):
        payout = row.payout
        yield (
            row.number,
            row.bank_name or row.bank_code,
            f"******{row.last_four}" if row.last_four else "",
            row.holder_name,
            _plain(row.amount),
            _plain(row.fee),
            payout.state if payout else row.state,
            payout.reference if payout else "",
            row.reason or ",".join(row.problems),
        )


def _plain(amount: int) -> str:
    """Kobo as a sheet reads them: 500000 as 5000.00."""
    return f"{amount // 100}.{amount % 100:02}"


def number_of(row: BulkPayoutRow) -> str:
    """Open the sealed number. Raises DecryptionFailed."""
    return encryption.open_sealed(row.sealed, aad=f"{_PLACE}.{row.pk}")


def _fee(account: Account, row: payout_files.Row, at: datetime) -> int:
    if row.is_wrong:
        return 0
    return fee_of(account=account, amount=row.amount, purpose=Payout.Purpose.BULK, at=at).total


def _kept(bulk: BulkPayout, row: payout_files.Row, fee: int) -> BulkPayoutRow:
    pk: UUID = uuid7()
    return BulkPayoutRow(
        id=pk,
        bulk=bulk,
        number=row.number,
        bank_code=row.bank_code,
        bank_name=row.bank_name,
        sealed=encryption.seal(row.account_number, aad=f"{_PLACE}.{pk}") if row.account_number else "",
        last_four=row.account_number[-4:],
        holder_name=row.name,
        amount=row.amount,
        fee=fee,
        note=row.note,
        problems=row.problems,
        state=RowState.WRONG if row.is_wrong else RowState.WAITING,
    )
