"""The books and the deposits, for staff to look at. What corrects them is proposed, and approved by somebody else."""

from wallet.admin import accounts, deposits, limits, proposals, transactions

__all__ = ["accounts", "deposits", "limits", "proposals", "transactions"]
