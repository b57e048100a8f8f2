"""What a movement of money costs: arithmetic alone, without database and clock. Amounts in minor units (kobo).

A **band** says what one charge costs for amounts from `from_amount` on, up to where the next band of that charge
begins: bands can neither overlap nor leave a gap. Below its first band a charge costs nothing. FEE is ours and carries
tax; STAMP_DUTY and LEVY are the state's. Whoever moves the money pays, but for a LEVY, which its receiver bears.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

FEE, VAT, STAMP_DUTY, LEVY = "FEE", "VAT", "STAMP_DUTY", "LEVY"
CHARGES = (FEE, STAMP_DUTY, LEVY)
# The account each line is paid to.
CREDITED = {
    FEE: "FEE_INCOME",
    VAT: "VAT_PAYABLE",
    STAMP_DUTY: "STAMP_DUTY_PAYABLE",
    LEVY: "LEVY_PAYABLE",
}


@dataclass(frozen=True, slots=True)
class Band:
    """A charge for amounts from `from_amount` on: `flat` and a share (`rate`, 0.015 is 1.5 %), within bounds."""

    charge: str
    from_amount: int
    flat: int = 0
    rate: Decimal = Decimal(0)
    minimum: int = 0
    maximum: int | None = None
    waived_for: frozenset[str] = frozenset()
    rule_id: int | None = None

    def cost_of(self, amount: int) -> int:
        cost = max(self.minimum, self.flat + share_of(amount, self.rate))
        return cost if self.maximum is None else min(cost, self.maximum)


@dataclass(frozen=True, slots=True)
class Tariff:
    """A schedule as arithmetic needs it: its bands and the rate of the tax on our fee."""

    bands: tuple[Band, ...] = ()
    tax_rate: Decimal = Decimal(0)
    schedule_id: int | None = None


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One charge of a quote, and the system account (`credit_code`) it goes to."""

    kind: str
    amount: int
    credit_code: str
    rule_id: int | None


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """What moving `amount` costs by one schedule. Kept with whatever was quoted, it is exactly what is charged."""

    kind: str
    amount: int
    lines: tuple[FeeLine, ...] = ()
    schedule_id: int | None = None

    @property
    def paid(self) -> tuple[FeeLine, ...]:
        """The lines that whoever moves the money bears."""
        return tuple(line for line in self.lines if line.kind != LEVY)

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.paid)

    @property
    def levied(self) -> int:
        """What the receiver bears."""
        return sum(line.amount for line in self.lines if line.kind == LEVY)

    @property
    def gross(self) -> int:
        """What leaves the payer where charges come on top."""
        return self.amount + self.total

    @property
    def net(self) -> int:
        """What is left of the amount where charges come out of it."""
        return self.amount - self.total

    def as_data(self) -> dict[str, Any]:
        """Itself as JSON, to be kept with a request."""
        return {
            "kind": self.kind,
            "amount": self.amount,
            "schedule": self.schedule_id,
            "lines": [[line.kind, line.amount, line.rule_id] for line in self.lines],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "FeeQuote":
        lines = tuple(FeeLine(kind, amount, CREDITED[kind], rule) for kind, amount, rule in data["lines"])
        return cls(data["kind"], data["amount"], lines, data["schedule"])


def quote(*, kind: str, amount: int, tariff: Tariff, waivers: Iterable[str] = ()) -> FeeQuote:
    """Work out every charge of a tariff. Tax is rounded once for each fee, half a kobo up.

    What costs nothing has no line. Raises ValueError for an amount that is not above zero.
    """
    if amount <= 0:
        raise ValueError("only an amount above zero is charged for")
    waived, lines = frozenset(waivers), []
    for charge in CHARGES:
        band = band_of(tariff.bands, charge, amount)
        if band is None or band.waived_for & waived:
            continue
        cost = band.cost_of(amount)
        lines.append(FeeLine(charge, cost, CREDITED[charge], band.rule_id))
        if charge == FEE:
            lines.append(FeeLine(VAT, share_of(cost, tariff.tax_rate), CREDITED[VAT], band.rule_id))
    return FeeQuote(kind, amount, tuple(line for line in lines if line.amount), tariff.schedule_id)


def band_of(bands: Sequence[Band], charge: str, amount: int) -> Band | None:
    """The band of a charge that an amount falls into; None below the first."""
    reached = [band for band in bands if band.charge == charge and band.from_amount <= amount]
    return max(reached, key=lambda band: band.from_amount, default=None)


def share_of(amount: int, rate: Decimal) -> int:
    """A share of an amount to the whole kobo, half a kobo up."""
    with localcontext(prec=60):
        return int((amount * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))
