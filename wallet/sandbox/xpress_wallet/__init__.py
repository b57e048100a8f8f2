"""A stand-in for Xpress Wallet, mounted at /sandbox/xpress-wallet/: banks, payouts, account numbers, what moved.

As the one for Paystack it shares no code with our adapter, and `Fault` rows make it misbehave. It takes no reference of
ours: what is ordered twice is sent twice.
"""
