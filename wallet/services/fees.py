"""What movements of money cost by the schedules in force, and the lines that charge it in their posting."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Approval, Customer
from wallet import fees
from wallet.fees import Band, FeeQuote, Tariff
from wallet.models import Account, FeeRule, FeeSchedule, Transaction
from wallet.services.accounts import system_account
from wallet.services.posting import Line

# Schedules are written for days to come and never changed, so what holds today is asked once a minute at most.
KEPT_FOR = timedelta(minutes=1)
_Tariffs = dict[tuple[str, int | None], Tariff]
_kept: dict[tuple[str, str], tuple[date, datetime, _Tariffs]] = {}


def quote_fee(
    *,
    kind: str,
    amount: int,
    currency: str,
    tier: int | None,
    at: datetime,
    waivers: frozenset[str] = frozenset(),
) -> FeeQuote:
    """Return what moving `amount` (minor units) costs then.

    Keep the quote with what was asked for: it is what is charged.
    """
    tariff = tariff_of(kind=kind, currency=currency, tier=tier, at=at)
    return fees.quote(kind=kind, amount=amount, tariff=tariff, waivers=waivers)


def charges_in(transaction: Transaction) -> list[Transaction]:
    """Return what the debited side of a movement paid on top, in the same posting, as far as the caller may see it."""
    lines = Transaction.objects.for_parties().of_posting(transaction.posting_id)
    return list(lines.filter(debit_account=transaction.debit_account_id, kind__in=fees.CREDITED))


def prices_of(*, account: Account, kind: str, at: datetime) -> Tariff:
    """Return what a kind of movement costs the account's owner, to be shown before any amount is known."""
    tier = None
    if depends_on_tier(kind=kind, currency=account.currency_id, at=at):
        tier = Customer.objects.filter(pk=account.owner_id).values_list("tier", flat=True).first()
    return tariff_of(kind=kind, currency=account.currency_id, tier=tier, at=at)


def tariff_of(*, kind: str, currency: str, tier: int | None, at: datetime) -> Tariff:
    """Return the schedule in force then, a tier's own before the one for all; without one nothing is charged."""
    held = _in_force(currency=currency, at=at)
    return held.get((kind, tier)) or held.get((kind, None)) or Tariff()


def depends_on_tier(*, kind: str, currency: str, at: datetime) -> bool:
    """Whether any tier has a schedule of its own for this kind, so that the payer's is worth asking for."""
    return any(of == kind and tier is not None for of, tier in _in_force(currency=currency, at=at))


def fee_lines(*, quote: FeeQuote, payer: UUID, currency: str) -> list[Line]:
    """The ledger's lines of what the payer bears: they stand in the same posting, after what they are charged for."""
    return [
        Line(line.kind, payer, system_account(line.credit_code, currency), line.amount) for line in quote.paid
    ]


@transaction.atomic
def add_fee_schedule(
    *,
    kind: str,
    tier: int | None,
    currency: str,
    from_date: date,
    tax_rate: Decimal,
    source: str,
    bands: Sequence[Band],
    approval: Approval | None = None,
) -> FeeSchedule:
    """Write what a kind of movement costs from a day on, whole and for good.

    The database refuses a day that is over, and a second schedule of the same day (IntegrityError).
    """
    schedule = FeeSchedule.objects.create(
        kind=kind,
        tier=tier,
        currency_id=currency,
        from_date=from_date,
        tax_rate=tax_rate,
        source=source,
        approval=approval,
    )
    FeeRule.objects.bulk_create(
        FeeRule(
            schedule=schedule,
            charge=band.charge,
            from_amount=band.from_amount,
            flat=band.flat,
            rate=band.rate,
            minimum=band.minimum,
            maximum=band.maximum,
            waived_for=sorted(band.waived_for),
        )
        for band in bands
    )
    audit.record(
        action="wallet.fee_schedule.added",
        target=schedule,
        actor_id=approval.decided_by_id if approval else None,
        kind=kind,
        tier=tier,
        from_date=str(from_date),
        approval=str(approval.pk) if approval else "",
    )
    forget_schedules()
    return schedule


def forget_schedules() -> None:
    """Ask for the schedules anew, here; other processes do so within `KEPT_FOR`."""
    _kept.clear()


def _in_force(*, currency: str, at: datetime) -> _Tariffs:
    name, on = (connection.settings_dict["NAME"], currency), timezone.localdate(at)
    kept = _kept.get(name)
    if kept and kept[0] == on and abs(at - kept[1]) < KEPT_FOR:
        return kept[2]
    held = FeeSchedule.objects.in_force(on=on, currency=currency).prefetch_related("rules")
    tariffs = {(schedule.kind, schedule.tier): schedule.tariff() for schedule in held}
    _kept[name] = (on, at, tariffs)
    return tariffs
