"""Both sides of a clearing account, as tests lay them out: rows of a gateway, postings of ours."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from accounts.tests.approving import applied
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.gateways.capabilities import LedgerRow
from wallet.models import (
    Account,
    BankSettlement,
    Break,
    ClosedPeriod,
    GatewayRow,
    Payment,
    ReconciledDay,
    RowImport,
)
from wallet.services import periods, reconciliation
from wallet.services.approved import closing
from wallet.services.reconciliation import importing
from wallet.tests.factories import install_sandbox, make_wallet


class Clearing:
    """The clearing account of the sandbox gateway, with one customer who pays in."""

    def __init__(self) -> None:
        self.gateway = install_sandbox()
        self.customer = make_wallet(make_person(), tier=3)
        with acting_as_service():
            self.account = Account.objects.get(pk=wallet.system_account("PAYSTACK_CLEARING"))
            self.fees = wallet.system_account("GATEWAY_FEES")
            self.suspense = wallet.system_account("SUSPENSE")

    def posted(self, amount: int, *, fee: int = 0, description: str = "", into: UUID | None = None) -> UUID:
        """Money that came in by our books, less what the gateway kept."""
        key, lines = posting_id(), [wallet.Line("DEPOSIT", self.account.pk, into or self.suspense, amount)]
        if fee:
            lines.append(wallet.Line("GATEWAY_FEE", self.fees, self.account.pk, fee))
        with acting_as_service():
            wallet.post(posting_id=key, lines=lines, description=description)
        return key

    def paid(self, amount: int, *, fee: int = 0, reference: str = "", posted: bool = True) -> Payment:
        """A payment with its reference; in the books too, unless they have not heard of it."""
        reference = reference or f"alj-{uuid4().hex}"
        key = self.posted(amount, fee=fee, description=f"paystack {reference}") if posted else posting_id()
        with acting_as_service():
            return Payment.objects.create(
                account=self.customer,
                gateway=self.gateway,
                posting_id=key,
                reference=reference,
                amount=amount,
                currency_id="NGN",
                fee=fee,
                state=Payment.State.SUCCEEDED if posted else Payment.State.PENDING,
                expires_at=timezone.now() + timedelta(days=3),
            )

    def told(
        self, *rows: LedgerRow, kind: str = "API", since: date | None = None, until: date | None = None
    ) -> RowImport:
        """What the gateway tells, taken in; by default it was asked up to the end of tomorrow."""
        today = timezone.localdate()
        with acting_as_service():
            row_import = RowImport.objects.create(
                account=self.account,
                gateway=self.gateway,
                kind=kind,
                state="RUNNING",
                since=since or today,
                until=until or today + timedelta(days=2),
                made_at=timezone.now(),
            )
            importing.count(row_import, importing.store(row_import=row_import, rows=rows))
        return importing.finish(row_import, at=timezone.now())

    def run(self) -> reconciliation.Run:
        return reconciliation.reconcile(account_id=self.account.pk, at=timezone.now())

    def breaks(self, *states: str) -> list[tuple[str, int | None, int | None]]:
        """(kind, what the gateway has, what the books have) of those in these states, by default open."""
        with acting_as_service():
            found = Break.objects.filter(account=self.account, state__in=states or ["OPEN"])
            return sorted(found.values_list("kind", "gateway_amount", "book_amount"), key=str)

    def rows(self) -> list[GatewayRow]:
        with acting_as_service():
            return list(GatewayRow.objects.filter(account=self.account).order_by("id"))


def row(change: int, reference: str = "", **facts: Any) -> LedgerRow:
    made = LedgerRow(
        gateway_id=uuid4().hex,
        source="CHARGE" if change > 0 else "TRANSFER",
        source_id="",
        reference=reference,
        change=change,
        balance=None,
        currency="NGN",
        description="",
        at=timezone.now(),
    )
    return replace(made, **facts)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def furnish_reconciliation() -> Clearing:
    """A row in every table of reconciling and closing."""
    clearing, at = Clearing(), timezone.now()
    clearing.posted(7_000)
    clearing.told(row(7_000), row(300, "somebody-elses"))
    clearing.run()
    reconciliation.follow_suspense()
    day = timezone.localdate() - timedelta(days=40)
    with acting_as_service():
        figures = reconciliation.standing(account=clearing.account, day=day, at=at).figures
        approval = applied(closing.REOPENING)
        ReconciledDay.objects.create(
            account=clearing.account,
            day=day,
            figures=figures,
            signature=reconciliation.signature_of(figures),
            approval=approval,
            made_by=approval.maker,
            checked_by_id=approval.checker_id or make_person().pk,
            closed_at=at,
        )
        BankSettlement.objects.create(
            gateway=clearing.gateway,
            gateway_settlement="3090024",
            currency_id="NGN",
            processed=7_000,
            fees=200,
            deducted=0,
            amount=6_800,
            paid_on=day,
            seen_at=at,
        )
        month = periods.month_before(periods.month_before(day.replace(day=1)))
        ClosedPeriod.objects.create(
            month=month, figures=[], digest="x", closed_by=approval.maker, closed_at=at, reason="A test"
        )
    return clearing
