"""Savings: plans that people save under, automatic saving, interest."""
