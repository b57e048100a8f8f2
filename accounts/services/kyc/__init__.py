"""Knowing the customer: the writes. A customer fills an application and sends it; checks run; staff decide."""
