"""The books and the deposits, for staff to look at. What corrects them is proposed, and approved by somebody else."""

from wallet import rule_versions  # noqa: F401 - it registers them
from wallet.admin import fees

__all__ = ["accounts", "deposits", "fees", "limits", "proposals", "transactions"]
from wallet.admin import payouts

__all__ = ["accounts", "deposits", "limits", "payouts", "proposals", "transactions"]
from wallet.admin import merchants

__all__ = ["accounts", "deposits", "limits", "merchants", "proposals", "transactions"]
from wallet.admin import claim_proposals, claims

__all__ = ["accounts", "claim_proposals", "claims", "deposits", "limits", "proposals", "transactions"]
