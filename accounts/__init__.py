"""Who people are: users, customers, profiles, and the audit trail of what everyone did.

Organisations, keys, KYC, referrals and notices stand here too. It moves no money and knows of no wallet.
"""
