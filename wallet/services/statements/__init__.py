"""Statements: made each month and on demand, proven, and written as PDF, CSV and OFX from one query (`lines`)."""

from wallet.services.statements.making import (
    PeriodInvalid,
    StatementDoesNotAddUp,
    complete,
    complete_waiting,
    make_monthly,
    make_statement,
)

__all__ = [
    "PeriodInvalid",
    "StatementDoesNotAddUp",
    "complete",
    "complete_waiting",
    "make_monthly",
    "make_statement",
]
