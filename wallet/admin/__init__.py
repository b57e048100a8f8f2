"""The books and the deposits, for staff to look at. What corrects them is proposed, and approved by somebody else."""

from wallet import rule_versions  # noqa: F401 - it registers them
from wallet.admin import (
    accounts,
    bank_settlements,
    breaks,
    claim_proposals,
    claims,
    deposits,
    fees,
    gateway_rows,
    gateways,
    limits,
    merchants,
    payouts,
    periods,
    planned,
    proposals,
    reconciled,
    row_imports,
    transactions,
)

__all__ = [
    "accounts",
    "bank_settlements",
    "breaks",
    "claim_proposals",
    "claims",
    "deposits",
    "fees",
    "gateway_rows",
    "gateways",
    "limits",
    "merchants",
    "payouts",
    "periods",
    "planned",
    "proposals",
    "reconciled",
    "row_imports",
    "transactions",
]
