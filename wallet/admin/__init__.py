"""The books and the deposits, for staff to look at. Nothing here writes: one corrects by reversing."""

from wallet.admin import accounts, deposits, limits, merchants, transactions

__all__ = ["accounts", "deposits", "limits", "merchants", "transactions"]
