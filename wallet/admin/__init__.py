"""The books and the deposits, for staff to look at. What corrects them is proposed, and approved by somebody else."""

from wallet.admin import (
    accounts,
    breaks,
    deposits,
    gateway_rows,
    limits,
    periods,
    proposals,
    reconciled,
    row_imports,
    transactions,
)

__all__ = [
    "accounts",
    "breaks",
    "deposits",
    "gateway_rows",
    "limits",
    "periods",
    "proposals",
    "reconciled",
    "row_imports",
    "transactions",
]
from wallet import rule_versions  # noqa: F401 - it registers them
from wallet.admin import accounts, deposits, fees, limits, proposals, transactions

__all__ = ["accounts", "deposits", "fees", "limits", "proposals", "transactions"]
from wallet.admin import payouts

__all__ = ["accounts", "deposits", "limits", "payouts", "proposals", "transactions"]
