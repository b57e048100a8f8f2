"""What being late costs beside interest: percent of what is overdue, with a cap, and never on a penalty.

Pure. Amounts are minor units (kobo). A penalty is an amount of its own: it is not principal and earns nothing.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from credit.standing import Standing


@dataclass(frozen=True)
class LateCharge:
    """Percent of an instalment that is overdue, once for each; no more than `most` for one, nor in all than `cap`.

    `cap` is percent of what was lent. The first `days_free` days after the due day cost nothing.
    """

    percent: Decimal
    most: int | None = None
    cap: Decimal = Decimal(100)
    days_free: int = 0

    def __post_init__(self) -> None:
        if self.percent < 0 or self.cap < 0 or (self.most or 0) < 0 or self.days_free < 0:
            raise ValueError("A late charge is not negative.")


def late_charge(rule: LateCharge, standing: Standing, number: int, *, charged_before: int) -> int:
    """Return the charge for a row that is overdue, on what of its interest and principal is unpaid; rounded down.

    `charged_before` is all that was charged on this loan (minor units). Zero for a row that is paid, or not late yet.
    Raises ValueError for a row that is not due.
    """
    for row in standing.rows:
        if row.number == number:
            break
    else:
        raise ValueError("The row is not due.")
    if (standing.day - row.due).days <= rule.days_free:
        return 0
    unpaid = row.unpaid_interest + row.unpaid_principal
    room = max(_share(standing.lent, rule.cap) - charged_before, 0)
    charge = _share(unpaid, rule.percent)
    return min(charge, room if rule.most is None else min(rule.most, room))


def _share(amount: int, percent: Decimal) -> int:
    return int((amount * percent / 100).to_integral_value(ROUND_DOWN))
