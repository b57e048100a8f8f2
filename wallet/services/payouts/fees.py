"""What payouts cost until there is a schedule of fees: nothing."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class FeeLine:
    kind: str
    amount: int
    credit_code: str
    rule_id: str = ""


@dataclass(frozen=True)
class FeeQuote:
    kind: str
    amount: int
    lines: tuple[FeeLine, ...] = ()
    schedule_id: str = ""

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)


def quote_fee(*, kind: str, amount: int, currency: str, tier: int | None, at: datetime) -> FeeQuote:
    return FeeQuote(kind, amount)
