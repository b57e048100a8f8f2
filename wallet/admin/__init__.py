"""The books and the deposits, for staff to look at. What corrects them is proposed, and approved by somebody else."""

from wallet.admin import accounts, claim_proposals, claims, deposits, limits, proposals, transactions

__all__ = ["accounts", "claim_proposals", "claims", "deposits", "limits", "proposals", "transactions"]
