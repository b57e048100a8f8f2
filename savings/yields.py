"""What a rate comes to in a year: APY, equivalent rates, and interest that is paid on the first day.

Pure. Rates and yields are percent a year; the day count is in the years given. Sources: APY, Regulation DD (12 CFR
1030), Appendix A; equivalent rates, the growth factor that both ways of compounding give over the same time.
"""

from decimal import Decimal, localcontext
from enum import StrEnum

PRECISION = 40


class Compounding(StrEnum):
    SIMPLE = "SIMPLE"
    COMPOUNDED = "COMPOUNDED"
    CONTINUOUS = "CONTINUOUS"
    # Simple within the first period, compounded after it.
    SIMPLE_THEN_COMPOUNDED = "SIMPLE_THEN_COMPOUNDED"


def apy(*, interest: Decimal, principal: Decimal, days: int) -> Decimal:
    """Return the annual percentage yield: 100 [(1 + interest / principal) ^ (365 / days) - 1]. Unrounded.

    Raises ValueError where the principal or the days are not above zero.
    """
    if principal <= 0 or days <= 0:
        raise ValueError("A yield needs a principal and days above zero.")
    with localcontext(prec=PRECISION):
        return ((1 + interest / principal) ** (Decimal(365) / days) - 1) * 100


def apy_earned(*, interest: Decimal, balance: Decimal, days: int, compounding_days: int) -> Decimal:
    """Return the yield of a statement shorter than one compounding period (Regulation DD, Appendix A, II.B)."""
    with localcontext(prec=PRECISION):
        of_period = interest / balance / days * compounding_days
        return ((1 + of_period) ** (Decimal(365) / compounding_days) - 1) * 100


def growth(rate: Decimal, compounding: Compounding, times: int, years: Decimal) -> Decimal:
    """Return what one unit grows to. `times` is how often in a year a compounded rate is compounded."""
    with localcontext(prec=PRECISION):
        part = rate / 100
        if compounding is Compounding.CONTINUOUS:
            return (part * years).exp()
        if compounding is Compounding.SIMPLE or (
            compounding is Compounding.SIMPLE_THEN_COMPOUNDED and years <= Decimal(1) / times
        ):
            return 1 + part * years
        return (1 + part / times) ** (times * years)


def equivalent_rate(growth: Decimal, compounding: Compounding, times: int, years: Decimal) -> Decimal:
    """Return the percent a year that grows one unit to `growth` in so many years. Unrounded."""
    with localcontext(prec=PRECISION):
        if compounding is Compounding.CONTINUOUS:
            return growth.ln() / years * 100
        if compounding is Compounding.SIMPLE or (
            compounding is Compounding.SIMPLE_THEN_COMPOUNDED and years <= Decimal(1) / times
        ):
            return (growth - 1) / years * 100
        return (growth ** (1 / (times * years)) - 1) * times * 100


def simple_yield_upfront(*, interest: int, principal: int, days: int) -> Decimal:
    """Return percent a year on the money that is really tied up when interest is paid on the first day."""
    with localcontext(prec=PRECISION):
        return Decimal(interest) / (principal - interest) * 365 / days * 100


def effective_yield_upfront(*, interest: int, principal: int, days: int) -> Decimal:
    """Return the effective percent a year when interest is paid on the first day: above the rate that is stated."""
    tied_up = Decimal(principal - interest)
    return apy(interest=Decimal(interest), principal=tied_up, days=days)
