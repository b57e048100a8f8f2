"""What a merchant pays us for being paid: quoted when a payment begins, kept with it, and posted exactly so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from wallet.models import MerchantPayment
from wallet.services.accounts import system_account
from wallet.services.posting import Line

KIND = "MERCHANT_PAYMENT"
# 1.5 % up to ₦2,000, and VAT of 7.5 % on it; each rounded half up to the kobo.
PER_MILLE, MOST, VAT_PER_MILLE = 15, 200_000, 75
SCHEDULE = "1.5 % up to 2,000"


@dataclass(frozen=True)
class Charge:
    """The parts of a fee in minor units: each a kind, an amount, and the code of the account that gets it."""

    parts: tuple[tuple[str, int, str], ...]
    schedule: str

    @property
    def total(self) -> int:
        return sum(amount for _kind, amount, _code in self.parts)

    def kept(self) -> dict[str, Any]:
        """As the fields of a payment that store it."""
        return {
            "fee": self.total,
            "fee_lines": [list(part) for part in self.parts],
            "fee_schedule": self.schedule,
        }


NOTHING = Charge((), "")


def quote(*, amount: int, currency: str, at: datetime) -> Charge:
    """Return what being paid `amount` (minor units) costs a merchant now."""
    fee = min((amount * PER_MILLE + 500) // 1000, MOST)
    vat = (fee * VAT_PER_MILLE + 500) // 1000
    parts = (("FEE", fee, "FEE_INCOME"), ("VAT", vat, "VAT_PAYABLE"))
    return Charge(tuple(part for part in parts if part[1]), SCHEDULE)


def lines(*, sold: MerchantPayment, payer: UUID) -> list[Line]:
    """Return the lines that stand in the payment's own posting."""
    return [
        Line(kind, payer, system_account(code, sold.currency_id), amount)
        for kind, amount, code in sold.fee_lines
    ]
