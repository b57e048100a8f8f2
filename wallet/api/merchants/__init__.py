"""Merchants as their own programs see them: payment links, and what was paid by them."""
