"""What a payout would cost, and whether it may be made: shown before it is confirmed, and exactly what is taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer
from core.actors import acting_as_service
from core.errors import DomainError
from core.templatetags.money import money
from wallet.fees import FeeQuote
from wallet.models import Account, BankAccount, Payout
from wallet.refusals import InsufficientFunds, LedgerRefusal
from wallet.services.cooling_off import check_cooling_off, most
from wallet.services.fees import quote_fee
from wallet.services.limits import limits_of

SMALLEST, LARGEST = 10_000, 1_000_000_000  # kobo
# Of the fee schedule: what a purpose is charged as.
CHARGED_AS = {Payout.Purpose.BULK: "PAYOUT", Payout.Purpose.SETTLEMENT: "PAYOUT"}
# For so long after an account was added, no more is paid to it in all than while a way in is new.
NEW_FOR = timedelta(hours=24)


class PayoutTooSmall(DomainError):
    code = "payout_too_small"
    message = gettext_lazy("The smallest amount you can withdraw is ₦100.")


class PayoutTooLarge(DomainError):
    code = "payout_too_large"
    message = gettext_lazy("The largest amount you can withdraw at once is ₦10,000,000.")


class NewBankAccount(LedgerRefusal):
    """`data["until"]` says when larger amounts can be paid to it, `data["available"]` how much can be until then."""

    code = "new_bank_account"
    kind = "forbidden"
    message = gettext_lazy(
        "This bank account is new here, so only small amounts can be paid to it for a day."
    )
    public = ("until", "available")


@dataclass(frozen=True)
class PayoutQuote:
    """What a payout would do, in minor units: `amount` arrives, `fee` comes on top."""

    bank_account: BankAccount
    amount: int
    fee: FeeQuote
    available_after: int

    @property
    def total(self) -> int:
        return self.amount + self.fee.total


def quote_payout(
    *,
    account: Account,
    bank_account: BankAccount,
    amount: int,
    at: datetime,
    purpose: str = Payout.Purpose.WITHDRAWAL,
) -> PayoutQuote:
    """Check that the money is there and may go to this bank account, and say what it costs.

    Raises PayoutTooSmall, PayoutTooLarge, InsufficientFunds with what is available, LimitExceeded, CoolingOff,
    NewBankAccount.
    """
    check_size(amount)
    fee = fee_of(account=account, amount=amount, purpose=purpose, at=at)
    total = amount + fee.total
    if total > account.available:
        raise InsufficientFunds(available=account.available, amount=total)
    refusal = limits_of(account=account, at=at).refusal_of(amount)
    if refusal:
        raise refusal
    check_cooling_off(source=account, amount=amount, at=at)
    check_new_account(
        bank_account=bank_account, amount=amount, currency=account.currency_id, purpose=purpose, at=at
    )
    return PayoutQuote(bank_account, amount, fee, account.available - total)


def fee_of(*, account: Account, amount: int, purpose: str, at: datetime) -> FeeQuote:
    """Return what the schedule in force takes for a payout of this size."""
    with acting_as_service():
        tier = Customer.objects.filter(pk=account.owner_id).values_list("tier", flat=True).first()
        return quote_fee(
            kind=CHARGED_AS.get(Payout.Purpose(purpose), "WITHDRAWAL"),
            amount=amount,
            currency=account.currency_id,
            tier=tier,
            at=at,
        )


def check_size(amount: int) -> None:
    """Raise PayoutTooSmall, PayoutTooLarge."""
    if amount < SMALLEST:
        raise PayoutTooSmall
    if amount > LARGEST:
        raise PayoutTooLarge


def check_new_account(
    *, bank_account: BankAccount, amount: int, currency: str, purpose: str, at: datetime
) -> None:
    """Refuse more to a new bank account than may be lost if somebody else added it. Raises NewBankAccount.

    A file of payouts is confirmed as a whole, and goes to accounts that nobody added one by one.
    """
    until = bank_account.added_at + NEW_FOR
    if at >= until or purpose == Payout.Purpose.BULK:
        return
    with acting_as_service():
        paid = Payout.objects.filter(bank_account=bank_account, currency=currency)
        lately = paid.filter(created_at__gte=at - NEW_FOR)
        gone = lately.exclude(state=Payout.State.FAILED).aggregate(total=Sum("amount"))["total"] or 0
        available = max(0, most(currency=currency, at=at) - int(gone))
    if amount > available:
        words = {
            "available": money(available, currency),
            "until": date_format(timezone.localtime(until), "j F, H:i"),
        }
        raise NewBankAccount(
            _(
                "This bank account is new here. To keep your money safe, you can withdraw at most %(available)s more "
                "to it until %(until)s."
            )
            % words,
            until=until.isoformat(),
            available=available,
        )
