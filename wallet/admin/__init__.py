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
