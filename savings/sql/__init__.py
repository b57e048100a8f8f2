"""Interest, set-wise: what `savings/interest.py` says of one saving, for thousands in one statement."""
