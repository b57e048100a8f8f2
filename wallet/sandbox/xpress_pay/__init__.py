"""A stand-in for XpressPay's checkout, mounted at /sandbox/xpress-pay/: its two calls, its page, its unsigned webhook.

As the one for Paystack it shares no code with our adapter, and `Fault` rows make it misbehave.
"""
