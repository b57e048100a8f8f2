"""The books and the deposits, for staff to look at. What corrects them is proposed, and approved by somebody else."""

from wallet import rule_versions  # noqa: F401 - it registers them
from wallet.admin import (
    accounts,
    claim_proposals,
    claims,
    deposits,
    fees,
    limits,
    merchants,
    payouts,
    proposals,
    transactions,
)

__all__ = [
    "accounts",
    "claim_proposals",
    "claims",
    "deposits",
    "fees",
    "limits",
    "merchants",
    "payouts",
    "proposals",
    "transactions",
]
