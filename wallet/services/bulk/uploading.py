"""A file of payouts: read and kept to be looked at, and how far it is once it is being paid."""

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
from accounts.models import Membership, User
from accounts.services import organizations
from accounts.services.organizations import RoleNotEnough
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from wallet import payout_files
from wallet.models import Account, BulkPayout, BulkPayoutRow, Payout
from wallet.services.banks import bank_choices, payout_gateway
from wallet.services.payouts.quoting import LARGEST, SMALLEST, fee_of

State, RowState = BulkPayout.State, BulkPayoutRow.State
PER_DAY = 20
_PLACE = "wallet_bulkpayoutrow.sealed"


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


def upload(
    *,
    by: User,
    account: Account,
    name: str,
    raw: bytes,
    at: datetime,
    organization_id: UUID | None = None,
) -> BulkPayout:
    """Read a file and keep its lines, what is wrong with each, and what it would cost.

    It is the person's own, or that of an organisation which they manage and whose account this is. Raises FileRefused,
    FileTooLarge, NoPayouts, TooManyFiles, OrganizationNotFound, RoleNotEnough.
    """
    whose: dict[str, Any] = {"owner": by}
    if organization_id is not None:
        whose = {"organization_id": organization_id}
    with acting_as_service():
        if organization_id is not None:
            managing(organization_id=organization_id, by=by)
            whose["uploaded_by"] = by
        lately = BulkPayout.objects.filter(**whose, uploaded_at__gt=at - timedelta(days=1))
        if lately.count() >= PER_DAY:
            raise TooManyFiles
        banks = {bank.code: bank.name for bank in bank_choices(gateway=payout_gateway(account.currency_id))}
    rows = payout_files.read(raw, banks=banks, smallest=SMALLEST, largest=LARGEST)
    fees = {row.number: _fee(account, row, at) for row in rows}
    good = [row for row in rows if not row.is_wrong]
    with acting_as_service():
        bulk = BulkPayout.objects.create(
            **whose,
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


def facts_of(bulk: BulkPayout) -> dict[str, str]:
    """What a notice about a file says: which it is, and whose."""
    facts = {"bulk": str(bulk.pk), "name": bulk.file_name}
    return {**facts, "slug": bulk.organization.slug} if bulk.organization else facts


def managing(*, organization_id: UUID, by: User) -> Membership:
    """Lock an organisation; return what `by` is in it. Raises OrganizationNotFound, RoleNotEnough."""
    mine = organizations.locked(organization_id=organization_id, by=by)
    if not mine.manages:
        raise RoleNotEnough
    return mine


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
