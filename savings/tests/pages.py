"""Savings as customers see them: plans worth comparing, and a browser signed in."""

from decimal import Decimal
from typing import Any

from savings.interest import Band, Every, Terms
from savings.models import SavingsPlan
from savings.tests.world import NAIRA, plan_of

YEARLY = Decimal(10)


def flat(percent: str, *, paid: Every = Every.MONTH, **facts: Any) -> Terms:
    return Terms(bands=(Band(0, Decimal(percent)),), paid=paid, tax=YEARLY, **facts)


def a_flexible() -> SavingsPlan:
    return plan_of(
        "FLEXIBLE",
        terms=flat("8"),
        minimum=100 * NAIRA,
        free_withdrawals=1,
        withdrawal_fee=Decimal("2.5"),
    )


def a_target() -> SavingsPlan:
    return plan_of(
        "TARGET", terms=flat("10"), minimum=500 * NAIRA, penalty="SHARE", penalty_percent=Decimal("2.5")
    )


def a_fixed(code: str = "fixed", **changes: Any) -> SavingsPlan:
    terms = {"minimum": 1_000 * NAIRA, "shortest": 30, "longest": 365}
    terms |= {"penalty": "LOWER_RATE", "penalty_percent": Decimal(4)}
    return plan_of("FIXED", terms=flat("14", paid=Every.END), code=code, **{**terms, **changes})


def an_up_front() -> SavingsPlan:
    return a_fixed("up-front", up_front=True)
