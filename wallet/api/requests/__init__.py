"""Requests for money between people. An organisation's key has none: it asks by payment links."""
