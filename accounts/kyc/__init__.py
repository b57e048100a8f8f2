"""Knowing the customer: what is asked for which tier, what may follow what. Pure rules; writes stand in services."""
