"""What an order costs: lines, reductions on each of them, delivery, the tax in it, and what the seller is left. Pure.

Amounts are minor units (kobo), rates `Decimal` percent. Prices include value added tax, as buyers are shown them; a
line's tax is the part of what is paid for it that its rate says: paid × rate ÷ (100 + rate), to the kobo, half up. A
reduction is spread over the lines it is for in proportion to what they cost (`core.money.split`), so its parts sum to
it to the kobo, and each line is taxed on what is paid for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.money import MAX_AMOUNT, split

MOST_PIECES = 10_000


class QuantityRefused(DomainError):
    code = "quantity_refused"
    message = _("Enter how many you want: a whole number from 1 to %(most)s.")
    public = ("most",)


class TooMuch(DomainError):
    code = "order_too_large"
    message = _("This comes to more than one order may.")


@dataclass(frozen=True)
class Line:
    """`quantity` pieces at `price` each, tax at `tax_rate` percent in it."""

    price: int
    quantity: int
    tax_rate: Decimal = Decimal(0)

    @property
    def gross(self) -> int:
        """What the pieces cost before any reduction."""
        return self.price * self.quantity


@dataclass(frozen=True)
class Priced:
    """A line with its reductions, by the key of what gives them; `tax` is contained in `paid`."""

    gross: int
    reductions: Mapping[str, int]
    paid: int
    tax: int


@dataclass(frozen=True)
class Total:
    """What the buyer pays an order: `goods` after `reduced`, and `delivery`; `tax` is contained in both."""

    lines: tuple[Priced, ...]
    delivery: int
    delivery_tax: int

    @property
    def gross(self) -> int:
        return sum(line.gross for line in self.lines)

    @property
    def goods(self) -> int:
        return sum(line.paid for line in self.lines)

    @property
    def reduced(self) -> int:
        return self.gross - self.goods

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines) + self.delivery_tax

    @property
    def paid(self) -> int:
        return self.goods + self.delivery


@dataclass(frozen=True)
class Settlement:
    """How what was paid is divided: `commission` and the `tax` on it are ours, the rest is the seller's."""

    commission: int
    tax: int
    seller: int


def checked(quantity: int) -> int:
    """Return a quantity that may be ordered. Raises QuantityRefused."""
    if not 1 <= quantity <= MOST_PIECES:
        raise QuantityRefused(most=MOST_PIECES)
    return quantity


def tax_in(paid: int, rate: Decimal) -> int:
    """Return the tax that is contained in what is paid."""
    return _rounded(Decimal(paid) * rate, 100 + rate)


def share(amount: int, rate: Decimal) -> int:
    """Return so many percent of an amount, to the kobo, half up."""
    return _rounded(Decimal(amount) * rate, Decimal(100))


def price_order(
    lines: Sequence[Line],
    *,
    reductions: Mapping[str, tuple[int, Sequence[int]]],
    delivery: int = 0,
    delivery_tax_rate: Decimal = Decimal(0),
) -> Total:
    """Price an order. `reductions` says by key how much is taken off, and off which lines (by place).

    They come one after the other, and none takes more than what is left to pay for its lines. Raises QuantityRefused;
    TooMuch where the sum is more than an account can hold.
    """
    for line in lines:
        checked(line.quantity)
    left = [line.gross for line in lines]
    if sum(left) + delivery > MAX_AMOUNT:
        raise TooMuch
    taken: list[dict[str, int]] = [{} for _line in lines]
    for key, (amount, places) in reductions.items():
        for place, part in zip(places, spread(amount, [left[place] for place in places]), strict=True):
            if part:
                taken[place][key] = part
                left[place] -= part
    priced = tuple(
        Priced(line.gross, by_key, paid, tax_in(paid, line.tax_rate))
        for line, by_key, paid in zip(lines, taken, left, strict=True)
    )
    return Total(priced, delivery, tax_in(delivery, delivery_tax_rate))


def spread(amount: int, left: Sequence[int]) -> list[int]:
    """Return the parts of an amount over what is left to pay of each line, and no part above that."""
    whole = sum(left)
    if amount <= 0 or not whole:
        return [0] * len(left)
    return split(min(amount, whole), left)


def settle(paid: int, *, rate: Decimal, tax_rate: Decimal, delivery: int = 0) -> Settlement:
    """Divide what a buyer paid: the commission is `rate` percent of it without its delivery.

    With `paid` smaller after a refund the seller is left what an order of that size would have left, so what is taken
    back of each is the difference of two settlements and no kobo is lost. Raises ValueError below zero.
    """
    if not 0 <= delivery <= paid:
        raise ValueError("Delivery is a part of what is paid.")
    commission = share(paid - delivery, rate)
    tax = share(commission, tax_rate)
    return Settlement(commission, tax, paid - commission - tax)


def _rounded(dividend: Decimal, divisor: Decimal) -> int:
    with localcontext(prec=60):
        return int((dividend / divisor).quantize(Decimal(1), rounding=ROUND_HALF_UP))
