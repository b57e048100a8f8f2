"""A stand-in for Paystack, for development and tests: its endpoints, its checkout page, its signed webhooks.

It is written against Paystack's documentation and shares no code with our adapter, so that neither can hide
the other's mistake. It enforces what the real one enforces, and `Fault` rows make it misbehave in the ways
the real one can. Mounted only where `settings.SANDBOX` says so; no real money, no customer's row.
"""
