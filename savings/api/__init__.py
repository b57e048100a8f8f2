"""Savings as a saver's own apps see them. An organisation's key sees the plans, and saves nothing."""
