"""What a lender may offer: the limits of a product, and that a loan comes of it wherever it is asked for. Pure.

Amounts are minor units (kobo), rates and shares percent, lengths instalments.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import product as combinations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from credit.drawdown import MOST_DAYS, MOST_PARTS
from credit.instalments import TooSmall
from credit.penalties import LateCharge
from credit.periods import DAY_COUNTS, MONTH_12, MONTH_12_EU
from credit.pricing import Priced, price
from credit.product_rules import ProductRules
from credit.roots import NoRate
from credit.terms import MOST_RATE, MOST_ROWS, Method, Terms
from wallet.rhythm import DAILY, MONTHLY, WEEKLY

# A late charge above these says more about its lender than about being late.
MOST_LATE, MOST_LATE_IN_ALL = Decimal(10), Decimal(100)
MOST_WEIGHTS, LARGEST_WEIGHT = 120, Decimal(1000)
LARGEST_MULTIPLE = 10_000_00
# An instalment is no more than a year after the one before.
LONGEST_STEP = {DAILY: 366, WEEKLY: 52, MONTHLY: 12}
# What is blamed where the instalments of a method cannot be.
SHAPED_BY = {Method.BALLOON: "balloon", Method.GRADUATED: "growth", Method.STEPPED: "weights"}

Check = tuple[bool, str, Promise]


class ProductInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "loan_product_invalid"
    message = _("A product cannot be made so.")
    public = ("field",)


@dataclass(frozen=True)
class Offered:
    """What a version of a product says. Amounts are minor units, rates and shares percent, lengths instalments."""

    least: int
    most: int
    shortest: int
    longest: int
    lowest_rate: Decimal
    highest_rate: Decimal
    fee_percent: Decimal = Decimal(0)
    fee_fixed: int = 0
    rules: ProductRules = field(default_factory=ProductRules)
    late: LateCharge = field(default_factory=lambda: LateCharge(Decimal(0)))
    cooling_off_days: int = 3
    conditions: tuple[str, ...] = ()


def check(offered: Offered, *, on: date) -> None:
    """Refuse what nobody may offer, and what comes to no schedule at one of its ends. Raises ProductInvalid."""
    for checks in (_figures, _method, _graces, _days_and_rounding, _payout):
        for holds, name, words in checks(offered):
            if not holds:
                raise ProductInvalid(words, field=name)
    ends = combinations(
        {offered.least, offered.most},
        {offered.shortest, offered.longest},
        {offered.lowest_rate, offered.highest_rate},
    )
    for amount, count, rate in ends:
        _price(offered, amount, count, rate, on)


def _figures(offered: Offered) -> Iterator[Check]:
    words = _("The most is not below the least, and that is above zero.")
    yield 1 <= offered.least <= offered.most, "most", words
    words = _("The longest is not below the shortest, and that is one instalment or more.")
    yield 1 <= offered.shortest <= offered.longest <= MOST_ROWS, "longest", words
    words = _("Rates are between 0 and 1,000 % a year, the highest not below the lowest.")
    yield 0 <= offered.lowest_rate <= offered.highest_rate <= MOST_RATE, "highest_rate", words
    words = _("A fee is zero or more, and at most all of it.")
    yield 0 <= offered.fee_percent <= 100 and offered.fee_fixed >= 0, "fee_percent", words
    words = _("A late charge is at most 10 % of what is late, and 100 % of the loan in all.")
    late = offered.late.percent <= MOST_LATE and offered.late.cap <= MOST_LATE_IN_ALL
    yield late, "late_percent", words
    yield 3 <= offered.cooling_off_days <= 30, "cooling_off_days", _("Give 3 to 30 working days.")
    texts = len(offered.conditions) <= 10 and all(1 <= len(one) <= 300 for one in offered.conditions)
    yield texts, "conditions", _("Up to ten conditions, each of at most 300 characters.")


def _method(offered: Offered) -> Iterator[Check]:
    rules = offered.rules
    if rules.method is Method.BALLOON:
        words = _("What waits for the last instalment is above 0 and at most 100 % of the loan.")
        yield 0 < rules.balloon <= 100, "balloon", words
    elif rules.method is Method.GRADUATED:
        words = _("Instalments change by up to 100 %, and not by nothing.")
        yield -100 < rules.growth <= 100 and rules.growth != 0, "growth", words
        words = _("They stay the same for one instalment at least, and change before the longest loan ends.")
        yield 1 <= rules.growth_every < max(offered.longest, 2), "growth_every", words
    elif rules.method is Method.STEPPED:
        yield from _weights(offered)


def _weights(offered: Offered) -> Iterator[Check]:
    weights, waits = offered.rules.weights, offered.rules.grace.no_principal
    words = _("Give 1 to 120 weights, each between 0 and 1,000, and one of them above zero.")
    in_range = 1 <= len(weights) <= MOST_WEIGHTS and all(0 <= one <= LARGEST_WEIGHT for one in weights)
    yield in_range and any(weights), "weights", words
    words = _("There are more weights than the longest loan has instalments.")
    yield len(weights) <= offered.longest, "weights", words
    lasts = [weights[(count - 1) % len(weights)] for count in range(offered.shortest, offered.longest + 1)]
    words = _("With these weights the last instalment of some loans would be nothing.")
    yield all(lasts), "weights", words
    words = _("With these weights the shortest loan would never be paid back.")
    yield any(offered.rules.weights_of(offered.shortest)[waits:]), "weights", words


def _graces(offered: Offered) -> Iterator[Check]:
    rules, grace = offered.rules, offered.rules.grace
    words = _("It ends before the shortest loan does.")
    yield 0 <= grace.no_principal < offered.shortest, "no_principal", words
    yield 0 <= grace.interest_later < offered.shortest, "interest_later", words
    yield 0 <= grace.interest_free <= offered.shortest, "interest_free", words
    waits = rules.method is Method.INTEREST_ONLY or grace.interest_later <= grace.no_principal
    words = _(
        "Interest does not wait longer than the loan: at first as many instalments ask for no principal."
    )
    yield waits, "interest_later", words
    words = _("Say for how many instalments interest waits.")
    yield not grace.capitalised or grace.interest_later > 0, "capitalised", words


def _days_and_rounding(offered: Offered) -> Iterator[Check]:
    rules, rounding = offered.rules, offered.rules.rounding
    words = _("Instalments are at most a year apart: up to 12 months, 52 weeks or 366 days.")
    yield 1 <= rules.every <= LONGEST_STEP.get(rules.rhythm, 0), "every", words
    fits = rules.day_count in DAY_COUNTS and (
        rules.rhythm == MONTHLY or rules.day_count not in (MONTH_12, MONTH_12_EU)
    )
    yield fits, "day_count", _("A month counts as a twelfth of a year only where instalments are monthly.")
    words = _("Instalments are rounded to ₦10,000 at most, and to a kobo at least.")
    yield 1 <= rounding.multiple <= LARGEST_MULTIPLE, "multiple", words
    words = _("Only instalments that are all the same can be evened out.")
    yield not rounding.smoothed or rules.method is Method.LEVEL, "smoothed", words


def _payout(offered: Offered) -> Iterator[Check]:
    rule = offered.rules.drawdown
    words = _(
        "A loan is paid out in 1 to 12 parts, and at once where a part of it waits for the last instalment."
    )
    fits = 1 <= rule.parts <= (1 if offered.rules.method is Method.BALLOON else MOST_PARTS)
    yield fits, "parts", words
    yield 1 <= rule.least <= 100, "least_part", _("The smallest part is 1 to 100 % of the loan.")
    yield 1 <= rule.days <= MOST_DAYS, "draw_days", _("Give 1 to 365 days.")


def _price(offered: Offered, amount: int, count: int, rate: Decimal, on: date) -> None:
    """Raise ProductInvalid where no loan of this size can be made, or none that asks for each instalment."""
    rules = offered.rules
    try:
        priced = price(
            rules,
            amount=amount,
            count=count,
            rate=rate,
            start=on,
            fee_percent=offered.fee_percent,
            fee_fixed=offered.fee_fixed,
        )
    except NoRate as error:
        words = _("With these fees nothing would be left of the smallest loan.")
        raise ProductInvalid(words, field="fee_fixed" if offered.fee_fixed else "fee_percent") from error
    except TooSmall as error:
        words = _("In %(count)s instalments at %(rate)s %% a year, one would be less than its interest.")
        said = words % {"count": count, "rate": f"{rate.normalize():f}"}
        raise ProductInvalid(said, field=SHAPED_BY.get(rules.method, "method")) from error
    except ValueError as error:
        raise ProductInvalid(str(error), field=SHAPED_BY.get(rules.method, "rules")) from error
    if not _asks_each_time(priced, count):
        is_rounded = rules.rounding.multiple > 1
        words = _("Of the smallest loan some instalments would be nothing.")
        raise ProductInvalid(words, field="multiple" if is_rounded else SHAPED_BY.get(rules.method, "least"))


def _asks_each_time(priced: Priced, count: int) -> bool:
    """Whether there are as many instalments as agreed, none rounded away, but where a grace or a weight says so."""
    terms = priced.terms
    if len(priced.rows) != count or terms.method is Method.INTEREST_ONLY:
        return len(priced.rows) == count
    waits = max(terms.grace.no_principal, terms.grace.interest_later)
    asking = [row for row in priced.rows[:-1] if row.number > waits and terms.weight(row.number)]
    return all(_asked(terms, row.payment, row.principal) >= terms.rounding.multiple for row in asking)


def _asked(terms: Terms, payment: int, principal: int) -> int:
    """What of an instalment is rounded."""
    return principal if terms.method is Method.EQUAL_PRINCIPAL else payment
