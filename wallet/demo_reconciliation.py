"""The demo world's other side: what the gateway tells of today, all of it as our books have it but one fee.

Development only.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from core.actors import acting_as_service
from wallet.gateways.capabilities import LedgerRow, LedgerSource
from wallet.models import Account, Payment, PaymentGateway, Refund, RowImport, Transaction
from wallet.services import reconciliation
from wallet.services.accounts import NGN, system_account
from wallet.services.reconciliation import importing

GATEWAY = "paystack"
SOURCES: dict[str, LedgerSource] = {
    "WITHDRAWAL": "TRANSFER",
    "RETURN": "TRANSFER",
    # Where it stands alone it is a withdrawal's; a deposit's is in the posting of that.
    "GATEWAY_FEE": "TRANSFER",
    "REFUND": "REFUND",
}
# What the gateway kept more of one deposit than it said, in kobo.
MORE = 2_500


def tell(*, at: datetime) -> None:
    """Take the gateway's rows in and match them, unless some were taken in before."""
    with acting_as_service():
        if RowImport.objects.exists():
            return
        account = Account.objects.get(pk=system_account("PAYSTACK_CLEARING"))
        today = timezone.localdate(at)
        row_import = RowImport.objects.create(
            account=account,
            gateway=PaymentGateway.objects.get(pk=GATEWAY),
            kind=RowImport.Kind.API,
            state=RowImport.State.RUNNING,
            since=today - timedelta(days=1),
            until=today,
            made_at=at,
        )
        rows = list(_rows(account))
        importing.count(row_import, importing.store(row_import=row_import, rows=rows))
    importing.finish(row_import, at=at)
    reconciliation.reconcile(account_id=account.pk, at=at)


def _rows(account: Account) -> Iterator[LedgerRow]:
    """A row for each posting, as the gateway would tell it. They end at nothing, where the sandbox's own begin."""
    both = Q(debit_account=account) | Q(credit_account=account)
    moves: dict[str, list[Transaction]] = {}
    for transaction in Transaction.objects.filter(both).order_by("id"):
        moves.setdefault(str(transaction.posting_id), []).append(transaction)
    changes = {key: sum(_change(one, account) for one in ones) for key, ones in moves.items()}
    paid = Payment.objects.filter(posting_id__in=changes).order_by("posting_id")
    changes[str(paid.values_list("posting_id", flat=True).last())] -= MORE
    refunds = {
        str(posting): theirs for posting, theirs in Refund.objects.values_list("posting_id", "gateway_refund")
    }
    balance = -sum(changes.values())
    for key, ones in moves.items():
        balance += changes[key]
        first, theirs = ones[0], refunds.get(key, "")
        yield LedgerRow(
            gateway_id=f"demo-{key}",
            source=SOURCES.get(first.kind, "CHARGE"),
            source_id=theirs,
            reference="" if theirs else first.description.rpartition(" ")[2],
            change=changes[key],
            balance=balance,
            currency=NGN,
            description=first.kind.title(),
            at=first.recorded_at,
        )


def _change(one: Transaction, account: Account) -> int:
    return one.amount if one.debit_account_id == account.pk else -one.amount
