"""How a product is paid back, apart from its price and its days: the terms of a loan once these are known. Pure.

Amounts are minor units (kobo), percents are of what is lent.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import cycle, islice

from credit.drawdown import Drawdown
from credit.periods import MONTH_12_EU, Calendar
from credit.terms import Grace, Method, Paying, Rounding, Terms
from wallet.rhythm import MONTHLY


@dataclass(frozen=True)
class ProductRules:
    """A rule that the method has no use for says nothing.

    `balloon` is percent of what is lent that waits for the last instalment. `weights` begin again after the last of
    them, so that they fit a loan of any length. The others are as in `Terms`.
    """

    method: Method = Method.LEVEL
    rhythm: str = MONTHLY
    every: int = 1
    day_count: str = MONTH_12_EU
    grace: Grace = field(default_factory=Grace)
    rounding: Rounding = field(default_factory=Rounding)
    paying: Paying = field(default_factory=Paying)
    balloon: Decimal = Decimal(0)
    growth: Decimal = Decimal(0)
    growth_every: int = 1
    weights: tuple[Decimal, ...] = ()
    capitalise_unpaid: bool = False
    arrears_earn: bool = False
    drawdown: Drawdown = field(default_factory=Drawdown)

    def terms(self, *, amount: int, rate: Decimal, count: int, start: date) -> Terms:
        """Return the terms of a loan of so much (minor units) paid out on `start`. Raises ValueError."""
        balloon = 0
        if self.method is Method.BALLOON:
            balloon = int((amount * self.balloon / 100).to_integral_value(ROUND_HALF_EVEN))
        return Terms(
            rate=rate,
            calendar=Calendar(start, every=self.every, rhythm=self.rhythm, day_count=self.day_count),
            count=count,
            method=self.method,
            balloon=balloon,
            growth=self.growth,
            growth_every=self.growth_every,
            weights=self.weights_of(count),
            grace=self.grace,
            rounding=self.rounding,
            paying=self.paying,
            capitalise_unpaid=self.capitalise_unpaid,
            arrears_earn=self.arrears_earn,
        )

    def weights_of(self, count: int) -> tuple[Decimal, ...]:
        """Return the weight of each instalment of so many; none where the method weighs nothing."""
        if self.method is not Method.STEPPED:
            return ()
        return tuple(islice(cycle(self.weights), count))
